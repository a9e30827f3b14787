//  A SQLite file of ours: opened the one safe way, known by its format, checked for damage, and its
//  errors judged. The journal and the state are such files.
//
//    - one connection a file, its lock held as long as it is open (locking_mode=EXCLUSIVE): this
//      version of SQLite can corrupt a WAL file that has two;
//    - damage is found when a file is opened, in the write-ahead log too, which SQLite would cut off
//      in silence where it is damaged;
//    - an error of fsync leaves nobody knowing what is on disk, so nothing is tried again.
//
//  One thread at a time uses a file.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQLITE_FILE_H
#define DOWNLINK_SQLITE_FILE_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/text/text.h"

//  When a failure was logged last. Files on one disk share it, whatever thread uses them: when it
//  is full it is one trouble and not one a file. Zeroed memory at first.
typedef atomic_llong sqlite_file_logged_t;

typedef struct {
    const char *path;
    int application;         //  tells the kinds of our files apart (PRAGMA application_id)
    int format;              //  PRAGMA user_version
    const char *schema;      //  statements that make a new one
    const char *upgrade;     //  that make one of the format before into one; NULL: none do
    bool is_synced;          //  a commit is on disk when it is done; else when the system likes
    bool was_synced;         //  so were the commits that are in it
    int checkpoint_pages;    //  the write-ahead log is written back when it has so many
    int cache_kib;           //  of pages kept in memory; 0: SQLite's default, 2,000
    const char *failpoints;  //  prefix of the names: "journal" for journal-before-checkpoint
    sqlite_file_logged_t *logged_ms;  //  NULL: the file's own
} sqlite_file_config_t;

typedef struct sqlite_file sqlite_file_t;

//  What became of a transaction.
typedef enum {
    FILE_DONE,    //  committed
    FILE_FAILED,  //  nothing was changed, as when the disk is full: later it may work
    FILE_BROKEN,  //  nobody knows: stop the process, and start it again
} file_result_t;

//  Open a file, or make it. NULL if it is damaged, foreign, of another format or in use; then the
//  log says which file, why, and what to do. The path is copied.
sqlite_file_t *sqlite_file_open (const sqlite_file_config_t *config);

//  Write the log back and close.
void sqlite_file_close (sqlite_file_t **self_p);

sqlite3 *sqlite_file_database (const sqlite_file_t *self);

//  A statement that is used again and again, the file's own: finalized with it. NULL if it cannot
//  be prepared: the tables are not as they were made.
sqlite3_stmt *sqlite_file_prepare (sqlite_file_t *self, const char *sql);

//  The single number that a statement gives; false if it gives none.
bool sqlite_file_number (sqlite_file_t *self, const char *sql, int64_t *number)
    __attribute__ ((warn_unused_result));

//  Begin a transaction. A path that leads elsewhere than to the open file fails: what is written to
//  a file without a name is lost.
file_result_t sqlite_file_begin (sqlite_file_t *self);

//  End it: commit, or if result is an error of SQLite's, roll back. Says what became of it; the log
//  has the reason, once a second at the most.
file_result_t sqlite_file_end (sqlite_file_t *self, int result);

//  Return true if the last transaction failed because the disk has no room.
bool sqlite_file_is_disk_full (const sqlite_file_t *self);

//  Say that the file is damaged: which one, how, and what to do. Always returns false.
bool sqlite_file_blame (const sqlite_file_t *self, const char *fault);

//  The checksum that a row carries: pages have none in SQLite. XXH3 of the bytes.
int64_t sqlite_file_checksum (text_t bytes);

#endif
