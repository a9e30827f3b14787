//  Is a write-ahead log of SQLite whole? SQLite itself takes it for ended at the first frame whose
//  checksum is wrong, and so would drop, in silence, what was committed behind a flipped bit.
//  The format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WAL_CHECK_H
#define DOWNLINK_WAL_CHECK_H

typedef enum {
    WAL_WHOLE,    //  or not there, or empty
    WAL_TORN,     //  the last transaction is not whole, as when the power went while it was written
    WAL_DAMAGED,  //  one that another followed is not whole, and it was when the other began
    WAL_UNREADABLE,  //  the system does not let us read it: errno says why
} wal_t;

//  Look at a log that no process has open.
wal_t wal_check (const char *path);

#endif
