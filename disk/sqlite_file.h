//  A SQLite file: open it safely, check its format and its contents, and judge its errors. The
//  journal and the state are such files.
//
//    - one connection opens a file and keeps its lock (locking_mode=EXCLUSIVE), since this version
//      of SQLite can corrupt a WAL file that has two connections;
//    - opening a file finds damage, even in the write-ahead log, which SQLite itself would silently
//      cut off at the damage;
//    - after an error of fsync the contents of the disk are unknown, so there is no retry.
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

//  The time of the last logged failure. Files on one disk share it across threads, since a full
//  disk is one problem for all of them. Zeroed memory at first.
typedef atomic_llong sqlite_file_logged_t;

typedef struct {
    const char *path;
    int application;              //  the kind of the file (PRAGMA application_id)
    int format;                   //  PRAGMA user_version
    const char *schema;           //  statements that create a new file
    const char *const *upgrades;  //  statements that bring format 1 to 2, format 2 to 3, and so on
    bool is_synced;        //  a commit is on disk when it returns; else the system writes it later
    bool was_synced;       //  the value of is_synced when the file was written
    int checkpoint_pages;  //  pages in the write-ahead log at which it is written back
    int cache_kib;         //  of pages kept in memory; 0: SQLite's default, 2,000
    const char *failpoints;  //  prefix of the names: "journal" for journal-before-checkpoint
    sqlite_file_logged_t *logged_ms;  //  NULL: only this file
} sqlite_file_config_t;

typedef struct sqlite_file sqlite_file_t;

//  The outcome of a transaction.
typedef enum {
    FILE_DONE,    //  committed
    FILE_FAILED,  //  nothing changed, for example on a full disk: a later try may work
    FILE_BROKEN,  //  unknown: stop the process, and start it again
} file_result_t;

//  Open or create a file. Return NULL if it is damaged, foreign, of another format or in use; then
//  the log names the file, the reason and the remedy. The path is copied.
sqlite_file_t *sqlite_file_open (const sqlite_file_config_t *config);

//  Write the log back and close the file.
void sqlite_file_close (sqlite_file_t **self_p);

sqlite3 *sqlite_file_database (const sqlite_file_t *self);

//  Prepare a statement for repeated use. The file owns it. Return NULL if the tables are not ours.
sqlite3_stmt *sqlite_file_prepare (sqlite_file_t *self, const char *sql);

//  Set *number to the single number that a statement returns. Return false if it returns none.
bool sqlite_file_number (sqlite_file_t *self, const char *sql, int64_t *number)
    __attribute__ ((warn_unused_result));

//  Begin a transaction. Fail if the path no longer leads to the open file: data in a file without a
//  name is lost.
file_result_t sqlite_file_begin (sqlite_file_t *self);

//  End the transaction: commit, or roll back if result is an error of SQLite. Return the outcome.
//  The log has the reason, at most once a second.
file_result_t sqlite_file_end (sqlite_file_t *self, int result);

//  Return true if the last transaction failed because the disk has no room.
bool sqlite_file_is_disk_full (const sqlite_file_t *self);

//  Log a fault of the file with the remedy. If SQLite's last call failed for another reason, such
//  as a lack of memory, log that reason instead. Return false.
bool sqlite_file_blame (const sqlite_file_t *self, const char *fault);

//  Return the checksum of a row, XXH3 of its bytes. SQLite's pages have no checksum.
int64_t sqlite_file_checksum (text_t bytes);

#endif
