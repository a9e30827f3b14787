//  SPDX-License-Identifier: Apache-2.0
#include "disk/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>

#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "common/text/text_hash.h"
#include "disk/private_directory.h"
#include "disk/sqlite_fault.h"
#include "disk/wal_check.h"

#define STATEMENTS_MAX 12
#define FAILURE_LOG_INTERVAL_MS 1000

struct sqlite_file {
    sqlite3 *database;
    char *path;
    ino_t inode;  //  of the file that is open
    dev_t device;
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
    sqlite3_stmt *statements[STATEMENTS_MAX];
    int statements_count;
    int wal_pages;
    int checkpoint_pages;
    bool is_disk_full;           //  the last transaction failed for lack of room
    char before_checkpoint[48];  //  names of failpoints
    char after_checkpoint[48];
    sqlite_file_logged_t own_logged_ms;
    sqlite_file_logged_t *logged_ms;
};

static const char *
s_reason (const sqlite_file_t *self)
{
    return self->database ? sqlite3_errmsg (self->database) : "out of memory";
}

//  Return true if the last result is an error. SQLite has a message for success too.
static bool
s_has_reason (const sqlite_file_t *self)
{
    int code = self->database ? sqlite3_errcode (self->database) : SQLITE_OK;
    return code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE;
}

//  Return the reason for the last failure with advice; `otherwise` if it is unknown.
static const char *
s_fault (const sqlite_file_t *self, const char *otherwise)
{
    if (!self->database)
        return sqlite_fault (SQLITE_NOMEM, 0, otherwise);
    return sqlite_fault (
        sqlite3_errcode (self->database), sqlite3_system_errno (self->database), otherwise);
}

bool
sqlite_file_blame (const sqlite_file_t *self, const char *fault)
{
    if (self->database)
        fault = s_fault (self, fault);
    if (s_has_reason (self))
        log_event (LOG_ERROR, "cannot use a file", "file=%s fault=%s reason=%s", self->path, fault,
            s_reason (self));
    else
        log_event (LOG_ERROR, "cannot use a file", "file=%s fault=%s", self->path, fault);
    return false;
}

static bool
s_execute (sqlite_file_t *self, const char *sql)
{
    return sqlite3_exec (self->database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

bool
sqlite_file_number (sqlite_file_t *self, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    bool good = sqlite3_prepare_v2 (self->database, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step (statement) == SQLITE_ROW;
    if (good)
        *number = sqlite3_column_int64 (statement, 0);
    sqlite3_finalize (statement);
    return good;
}

//  Return true if SQLite finds its own structures intact.
static bool
s_is_whole (sqlite_file_t *self)
{
    sqlite3_stmt *statement = NULL;
    bool good = sqlite3_prepare_v2 (
                    self->database, "PRAGMA quick_check(1)", -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step (statement) == SQLITE_ROW &&
                g_strcmp0 ((const char *) sqlite3_column_text (statement, 0), "ok") == 0;
    sqlite3_finalize (statement);
    return good;
}

static int
s_count_pages (void *context, sqlite3 *database, const char *name, int pages)
{
    (void) database;
    (void) name;
    ((sqlite_file_t *) context)->wal_pages = pages;
    return SQLITE_OK;
}

static const char *
s_make (sqlite_file_t *self, const sqlite_file_config_t *config)
{
    char *sql = sqlite3_mprintf ("BEGIN IMMEDIATE; %s; PRAGMA application_id=%d;"
                                 "PRAGMA user_version=%d; COMMIT",
        config->schema, config->application, config->format);
    bool good = s_execute (self, sql);
    sqlite3_free (sql);
    return good ? NULL : s_fault (self, "it cannot be written; is there room, and may we?");
}

//  Bring a file to the present format, in one transaction.
static const char *
s_upgrade (sqlite_file_t *self, const sqlite_file_config_t *config, int format)
{
    char *end = sqlite3_mprintf ("PRAGMA user_version=%d; COMMIT", config->format);
    bool good = s_execute (self, "BEGIN IMMEDIATE");
    for (; good && format < config->format; format++)
        good = s_execute (self, config->upgrades[format - 1]);
    good = good && s_execute (self, end);
    sqlite3_free (end);
    return good ? NULL
                : s_fault (self,
                      "it cannot be brought to this format; is there room, and may we write?");
}

//  Check that the file is ours, of this kind and format, and intact. Set up a new file. Return
//  NULL, or a sentence about the fault.
static const char *
s_identify (sqlite_file_t *self, const sqlite_file_config_t *config)
{
    int64_t tables = 0;
    int64_t application = 0;
    int64_t format = 0;
    if (!sqlite_file_number (self, "SELECT count(*) FROM sqlite_schema", &tables) ||
        !sqlite_file_number (self, "PRAGMA application_id", &application) ||
        !sqlite_file_number (self, "PRAGMA user_version", &format))
        return s_fault (self, SQLITE_FAULT_DAMAGED);
    if (tables == 0 && application == 0 && format == 0)
        return s_make (self, config);
    if (application != config->application)
        return "it is not the file of Downlink's that it should be; move it away";
    bool is_former = format >= 1 && format < config->format;
    if (format != config->format && !is_former)
        return "it is of another format; use the version of Downlink that wrote it";
    if (!s_is_whole (self))
        return s_fault (self, SQLITE_FAULT_DAMAGED);
    return is_former ? s_upgrade (self, config, (int) format) : NULL;
}

//  Limit the cache of this connection.
static bool
s_limit_cache (sqlite_file_t *self, int kib)
{
    char sql[48];
    g_snprintf (sql, sizeof sql, "PRAGMA cache_size=-%d", kib);
    return kib == 0 || s_execute (self, sql);
}

static bool
s_configure (sqlite_file_t *self, const sqlite_file_config_t *config)
{
    sqlite3_extended_result_codes (self->database, 1);
    sqlite3_wal_hook (self->database, s_count_pages, self);
    return s_limit_cache (self, config->cache_kib) &&
           s_execute (self, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL") &&
           s_execute (
               self, config->is_synced ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL") &&
           s_execute (self, "PRAGMA cell_size_check=ON; PRAGMA secure_delete=OFF;"
                            "PRAGMA journal_size_limit=33554432; BEGIN EXCLUSIVE; COMMIT");
}

//  Check the write-ahead log before SQLite opens it, since SQLite silently cuts it off at damage.
//  Return NULL, or a sentence about the fault.
static const char *
s_check_log (const sqlite_file_t *self, bool was_synced)
{
    char *path = g_strconcat (self->path, "-wal", NULL);
    wal_t state = wal_check (path);
    int error = errno;
    if (state == WAL_TORN || (state == WAL_DAMAGED && !was_synced))
        log_event (LOG_WARN, "the last writes before the end are not whole, and are left out",
            "file=%s", path);
    private_directory_tighten_file (path);
    g_free (path);
    if (state == WAL_UNREADABLE)
        return sqlite_fault_of_system (error);
    return state == WAL_DAMAGED && was_synced
               ? "its -wal file is damaged; restore both from a copy, or move both away to go on "
                 "without them"
               : NULL;
}

static const char *
s_open (sqlite_file_t *self, const sqlite_file_config_t *config)
{
    const char *fault = s_check_log (self, config->was_synced);
    struct stat status;
    if (fault)
        return fault;
    if (sqlite3_open_v2 (self->path, &self->database,
            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return s_fault (self, "it cannot be opened");
    private_directory_tighten_file (self->path);
    if (!s_configure (self, config))
        return s_fault (self, "it cannot be written; is there room, and may we?");
    fault = s_identify (self, config);
    if (!fault && stat (self->path, &status) != 0)
        fault = "it is not there any more";
    if (!fault) {
        self->inode = status.st_ino;
        self->device = status.st_dev;
    }
    return fault;
}

sqlite_file_t *
sqlite_file_open (const sqlite_file_config_t *config)
{
    sqlite_file_t *self = g_new0 (sqlite_file_t, 1);
    self->path = g_strdup (config->path);
    self->checkpoint_pages = config->checkpoint_pages;
    self->logged_ms = config->logged_ms ? config->logged_ms : &self->own_logged_ms;
    g_snprintf (self->before_checkpoint, sizeof self->before_checkpoint, "%s-before-checkpoint",
        config->failpoints);
    g_snprintf (self->after_checkpoint, sizeof self->after_checkpoint, "%s-after-checkpoint",
        config->failpoints);
    const char *fault = s_open (self, config);
    if (fault)
        sqlite_file_blame (self, fault);
    else {
        self->begin = sqlite_file_prepare (self, "BEGIN IMMEDIATE");
        self->commit = sqlite_file_prepare (self, "COMMIT");
    }
    if (!self->begin || !self->commit)
        sqlite_file_close (&self);
    return self;
}

void
sqlite_file_close (sqlite_file_t **self_p)
{
    sqlite_file_t *self = *self_p;
    if (!self)
        return;
    for (int index = 0; index < self->statements_count; index++)
        sqlite3_finalize (self->statements[index]);
    sqlite3_close (self->database);
    g_free (self->path);
    g_free (self);
    *self_p = NULL;
}

sqlite3 *
sqlite_file_database (const sqlite_file_t *self)
{
    return self->database;
}

sqlite3_stmt *
sqlite_file_prepare (sqlite_file_t *self, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    g_assert (self->statements_count < STATEMENTS_MAX);
    if (sqlite3_prepare_v3 (self->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK)
        sqlite_file_blame (self, "its tables are not as they were made; restore it from a copy");
    else
        self->statements[self->statements_count++] = statement;
    return statement;
}

static bool
s_is_log_due (sqlite_file_t *self)
{
    int64_t now_ms = clock_ms ();
    long long last_ms = atomic_load (self->logged_ms);
    return (last_ms == 0 || now_ms - last_ms >= FAILURE_LOG_INTERVAL_MS) &&
           atomic_compare_exchange_strong (self->logged_ms, &last_ms, now_ms);
}

static void
s_log_failure (sqlite_file_t *self, file_result_t result, const char *reason)
{
    if (result == FILE_BROKEN || s_is_log_due (self))
        log_event (LOG_ERROR, "cannot write a file", "file=%s reason=%s advice=%s", self->path,
            reason, s_fault (self, "see that it is there and that its disk is well"));
}

//  Return true for an error of the system after which a retry may succeed. Errors of fsync are
//  excluded: see the header.
static bool
s_may_pass (int error)
{
    return error == ENOSPC || error == EDQUOT || error == EROFS || error == EACCES;
}

//  Return true if the disk, or this user's quota of it, has no room.
static bool
s_lacks_room (const sqlite_file_t *self, int result)
{
    int error = sqlite3_system_errno (self->database);
    return (result & 0xff) == SQLITE_FULL ||
           ((result & 0xff) == SQLITE_IOERR &&
               (error == ENOSPC || error == EDQUOT || error == EFBIG));
}

static file_result_t
s_judge (sqlite_file_t *self, int result)
{
    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
        return FILE_DONE;
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
        return FILE_FAILED;
    case SQLITE_IOERR:
        return result != SQLITE_IOERR_FSYNC && result != SQLITE_IOERR_DIR_FSYNC &&
                       s_may_pass (sqlite3_system_errno (self->database))
                   ? FILE_FAILED
                   : FILE_BROKEN;
    default:
        return FILE_BROKEN;
    }
}

//  Write the log back into the file. An error of its fsync counts like an error of a commit. A full
//  disk only delays it.
static file_result_t
s_checkpoint (sqlite_file_t *self)
{
    FAILPOINT (self->before_checkpoint);
    int result =
        sqlite3_wal_checkpoint_v2 (self->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    FAILPOINT (self->after_checkpoint);
    self->wal_pages = 0;
    file_result_t judged = s_judge (self, result);
    if (judged != FILE_DONE)
        s_log_failure (self, judged, s_reason (self));
    return judged;
}

//  Run a statement that returns no rows. Return the result of SQLite.
static int
s_run (sqlite3_stmt *statement)
{
    sqlite3_step (statement);
    return sqlite3_reset (statement);
}

file_result_t
sqlite_file_begin (sqlite_file_t *self)
{
    struct stat status;
    if (stat (self->path, &status) != 0 || status.st_ino != self->inode ||
        status.st_dev != self->device) {
        s_log_failure (self, FILE_FAILED, "the file is gone from its place; put it back");
        return FILE_FAILED;
    }
    int result = s_run (self->begin);
    return result == SQLITE_OK ? FILE_DONE : sqlite_file_end (self, result);
}

file_result_t
sqlite_file_end (sqlite_file_t *self, int result)
{
    if (result == SQLITE_OK)
        result = s_run (self->commit);
    file_result_t judged = s_judge (self, result);
    self->is_disk_full = s_lacks_room (self, result);
    if (judged == FILE_DONE && self->wal_pages < self->checkpoint_pages)
        return FILE_DONE;
    if (judged != FILE_DONE) {
        s_log_failure (self, judged, s_reason (self));
        //  SQLite may have ended the failed transaction: then ROLLBACK fails harmlessly.
        sqlite3_exec (self->database, "ROLLBACK", NULL, NULL, NULL);
    }
    //  After a checkpoint the log starts again at its beginning, in room that it already has.
    if (judged != FILE_BROKEN && s_checkpoint (self) == FILE_BROKEN)
        judged = FILE_BROKEN;
    return judged;
}

bool
sqlite_file_is_disk_full (const sqlite_file_t *self)
{
    return self->is_disk_full;
}

int64_t
sqlite_file_checksum (text_t bytes)
{
    uint64_t hash = text_hash (bytes);
    int64_t checksum;
    memcpy (&checksum, &hash, sizeof checksum);
    return checksum;
}
