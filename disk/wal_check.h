//  Check a write-ahead log of SQLite. SQLite itself stops reading at the first frame with a wrong
//  checksum, and silently drops the transactions behind a flipped bit.
//  The format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WAL_CHECK_H
#define DOWNLINK_WAL_CHECK_H

typedef enum {
    WAL_WHOLE,       //  whole, missing or empty
    WAL_TORN,        //  the last transaction is incomplete, as after a power cut
    WAL_DAMAGED,     //  an earlier transaction is damaged
    WAL_UNREADABLE,  //  the system refuses to read it: see errno
} wal_t;

//  Check a log that no process has open.
wal_t wal_check (const char *path);

#endif
