//  partition-0007.sqlite has a row for each rocket, with named and typed columns, so that operators
//  can read a copy with sqlite3. Each row has a checksum of all its columns. A save checks the
//  epoch in the same transaction, so a processor that lost the partition saves nothing.
//
//  The key of a row is its number, so new rockets are appended. With the id as the key, each new
//  rocket would change another page, and write 8 KB for its 200 bytes. Processors find a rocket by
//  its id in memory, so the table has no index.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>

#include "common/process/failpoint.h"
#include "common/text/digits.h"
#include "disk/sqlite_file.h"
#include "processor/save/row_checksum.h"
#include "processor/save/state_files.h"

#define APPLICATION 0x446c5331  //  "DlS1"
#define FORMAT 3
#define CHECKPOINT_PAGES 1000

//  Memory for pages, of all partitions together. A save writes rows all over its file, so no cache
//  of a sensible size would hold the next pages of a large file; the kernel's page cache holds
//  them.
#define CACHE_KIB 8192
#define CACHE_MIN_KIB 64  //  for each partition

typedef struct {
    sqlite_file_t *file;
    sqlite3_stmt *rows;  //  during the load
    sqlite3_stmt *save;
    sqlite3_stmt *remove;
    sqlite3_stmt *epoch;
    sqlite3_stmt *update;  //  of the row that describes the partition
    position_t position;   //  when it was taken
    bool has_position;
} partition_file_t;

typedef struct {
    store_t base;
    char *directory;
    uint32_t partitions;
    state_mark_t mark;
    partition_file_t files[PARTITIONS_MAX];
    sqlite_file_logged_t logged_ms;
} store_sqlite_t;

//  No column of a rocket is NOT NULL: SQLite would search each row for NULL when it checks a file, and the
//  checksum of the row finds such a fault anyway.
#define ROCKETS                                                                                    \
    "CREATE TABLE rocket (number INTEGER PRIMARY KEY, id TEXT, type TEXT, speed INTEGER,"          \
    " mission TEXT, status TEXT, explosion_reason TEXT, last_message_number INTEGER,"              \
    " last_message_time_us INTEGER, messages_applied INTEGER, conflicts INTEGER,"                  \
    " gaps_closed INTEGER, type_number INTEGER, mission_number INTEGER, explosion_number INTEGER," \
    " seen BLOB, hashes BLOB, checksum INTEGER);"

static const char s_schema[] =
    "CREATE TABLE partition (number INTEGER NOT NULL, partitions INTEGER NOT NULL,"
    " epoch INTEGER NOT NULL, checksum INTEGER NOT NULL, feed BLOB, feed_offset INTEGER);" ROCKETS;

//  Format 1 has no position, formats 1 and 2 have no numbers. The checksum of a row with a number
//  is that of the other columns XOR the number. SQLite has no XOR.
static const char *const s_upgrades[] = {"ALTER TABLE partition ADD COLUMN feed BLOB;"
                                         "ALTER TABLE partition ADD COLUMN feed_offset INTEGER",
    "ALTER TABLE rocket RENAME TO former;" ROCKETS "INSERT INTO rocket SELECT NULL, * FROM former;"
    "UPDATE rocket SET checksum = (checksum | number) - (checksum & number);"
    "DROP TABLE former"};

static const char s_update[] =
    "UPDATE partition SET epoch = ?, checksum = ?, feed = ?, feed_offset = ?";

static const char s_upsert[] = "INSERT OR REPLACE INTO rocket VALUES"
                               " (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

//  Return the checksum of the row that describes the partition of this file.
static int64_t
s_partition_checksum (
    uint32_t number, uint32_t partitions, int64_t epoch, const position_t *position)
{
    char text[128];
    size_t size = (size_t) g_snprintf (
        text, sizeof text, "%u/%u/%" G_GINT64_FORMAT, number, partitions, (gint64) epoch);
    if (position) {
        char feed[2 * POSITION_FEED_SIZE + 1];
        digits_of_bytes (position->feed, POSITION_FEED_SIZE, feed);
        size += (size_t) g_snprintf (text + size, (gulong) (sizeof text - size),
            "/%.*s/%" G_GINT64_FORMAT, 2 * POSITION_FEED_SIZE, feed, (gint64) position->offset);
    }
    return sqlite_file_checksum (text_of (text, size));
}

static text_t
s_column_text (sqlite3_stmt *row, int column)
{
    if (sqlite3_column_type (row, column) == SQLITE_NULL)
        return (text_t){0};
    const char *bytes = (const char *) sqlite3_column_text (row, column);
    return text_of (bytes ? bytes : "", (size_t) sqlite3_column_bytes (row, column));
}

static int64_t
s_row_checksum (const rocket_view_t *view)
{
    return row_checksum (view) ^ view->row;
}

//  Read a row. Return false if it is damaged.
static bool
s_read_row (sqlite3_stmt *row, rocket_view_t *view)
{
    int64_t number = sqlite3_column_int64 (row, 0);
    if (number < 1 || number > UINT32_MAX)
        return false;
    //  The bytes of a text could be converted after we point to them.
    if (sqlite3_column_type (row, 15) != SQLITE_BLOB ||
        sqlite3_column_type (row, 16) != SQLITE_BLOB)
        return false;
    *view = (rocket_view_t){.row = (uint32_t) number,
        .id = s_column_text (row, 1),
        .type = s_column_text (row, 2),
        .speed = sqlite3_column_int64 (row, 3),
        .mission = s_column_text (row, 4),
        .explosion_reason = s_column_text (row, 6),
        .last_number = (uint64_t) sqlite3_column_int64 (row, 7),
        .last_time_us = sqlite3_column_int64 (row, 8),
        .applied = (uint64_t) sqlite3_column_int64 (row, 9),
        .conflicts = (uint64_t) sqlite3_column_int64 (row, 10),
        .gaps_closed = (uint64_t) sqlite3_column_int64 (row, 11),
        .type_number = (uint64_t) sqlite3_column_int64 (row, 12),
        .mission_number = (uint64_t) sqlite3_column_int64 (row, 13),
        .explosion_number = (uint64_t) sqlite3_column_int64 (row, 14),
        .seen = sqlite3_column_blob (row, 15),
        .seen_count = (size_t) sqlite3_column_bytes (row, 15) / sizeof (number_range_t)};
    if (sqlite3_column_bytes (row, 16) != sizeof view->hashes ||
        sqlite3_column_bytes (row, 15) % (int) sizeof (number_range_t) != 0 ||
        !rocket_status_of_stored (s_column_text (row, 5), &view->status))
        return false;
    memcpy (view->hashes, sqlite3_column_blob (row, 16), sizeof view->hashes);
    return s_row_checksum (view) == sqlite3_column_int64 (row, 17);
}

static load_t
s_load (store_t *base, uint32_t partition, size_t budget, store_rocket_fn *rocket, void *context)
{
    partition_file_t *place = &((store_sqlite_t *) base)->files[partition];
    const char *fault = NULL;
    for (size_t count = 0; !fault && count < budget; count++) {
        rocket_view_t view;
        int result = sqlite3_step (place->rows);
        if (result == SQLITE_DONE) {
            sqlite3_reset (place->rows);
            return LOAD_DONE;
        }
        if (result != SQLITE_ROW)
            fault = "it is damaged; restore it from a copy";
        else if (!s_read_row (place->rows, &view) || !rocket (context, &view))
            fault = "a rocket in it is damaged; restore it from a copy";
    }
    if (!fault)
        return LOAD_MORE;
    sqlite_file_blame (place->file, fault);
    return LOAD_FAILED;
}

//  Replace the row that describes the partition, in a transaction. No position: NULL.
static int
s_update_partition (const store_sqlite_t *self, sqlite3_stmt *update, uint32_t partition,
    int64_t epoch, const position_t *position)
{
    int64_t checksum = s_partition_checksum (partition, self->partitions, epoch, position);
    int bad = sqlite3_bind_int64 (update, 1, epoch);
    bad |= sqlite3_bind_int64 (update, 2, checksum);
    if (position) {
        bad |= sqlite3_bind_blob (update, 3, position->feed, POSITION_FEED_SIZE, SQLITE_STATIC);
        bad |= sqlite3_bind_int64 (update, 4, position->offset);
    }
    if (bad)
        return bad;
    sqlite3_step (update);
    int result = sqlite3_reset (update);
    sqlite3_clear_bindings (update);
    return result;
}

//  Read the row that describes the partition. Return false if it is damaged or of another one.
static bool
s_read_partition (const store_sqlite_t *self, uint32_t partition, sqlite3_stmt *row, int64_t *epoch,
    partition_file_t *place)
{
    *epoch = sqlite3_column_int64 (row, 0);
    place->has_position = sqlite3_column_type (row, 2) != SQLITE_NULL;
    if (place->has_position) {
        const void *feed = sqlite3_column_blob (row, 2);
        if (sqlite3_column_bytes (row, 2) != POSITION_FEED_SIZE ||
            sqlite3_column_type (row, 3) != SQLITE_INTEGER)
            return false;
        memcpy (place->position.feed, feed, POSITION_FEED_SIZE);
        place->position.offset = sqlite3_column_int64 (row, 3);
    }
    return sqlite3_column_int64 (row, 1) == s_partition_checksum (partition, self->partitions,
                                                *epoch,
                                                place->has_position ? &place->position : NULL);
}

//  Write the row with the epoch; make it in a new file.
static bool
s_write_epoch (
    const store_sqlite_t *self, partition_file_t *place, uint32_t partition, int64_t epoch)
{
    char sql[96];
    g_snprintf (sql, sizeof sql, "INSERT INTO partition VALUES (%u, %u, 0, 0, NULL, NULL)",
        partition, self->partitions);
    if (sqlite_file_begin (place->file) != FILE_DONE)
        return false;
    int result = SQLITE_OK;
    if (epoch == 1)
        result = sqlite3_exec (sqlite_file_database (place->file), sql, NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = s_update_partition (
            self, place->update, partition, epoch, place->has_position ? &place->position : NULL);
    return sqlite_file_end (place->file, result) == FILE_DONE;
}

//  Check that the file belongs to the partition, and raise its epoch. Return NULL or the fault.
static const char *
s_raise_epoch (
    const store_sqlite_t *self, partition_file_t *place, uint32_t partition, int64_t *epoch)
{
    sqlite3_stmt *row = sqlite_file_prepare (
        place->file, "SELECT epoch, checksum, feed, feed_offset FROM partition");
    *epoch = 0;
    int stepped = row ? sqlite3_step (row) : SQLITE_ERROR;
    if (stepped != SQLITE_ROW && stepped != SQLITE_DONE)
        return "it is damaged; restore it from a copy";
    bool good = stepped == SQLITE_DONE || s_read_partition (self, partition, row, epoch, place);
    sqlite3_reset (row);
    if (!good)
        return "it is damaged, or of another partition; put the files back as they were";
    ++*epoch;
    return s_write_epoch (self, place, partition, *epoch) ? NULL : "it cannot be written";
}

static take_t
s_take (store_t *base, uint32_t partition, uint64_t *epoch)
{
    store_sqlite_t *self = (store_sqlite_t *) base;
    partition_file_t *place = &self->files[partition];
    take_t checked = state_files_check_mark (self->directory, &self->mark);
    if (checked != TAKE_DONE)
        return checked;
    char *path = g_strdup_printf ("%s/partition-%04u.sqlite", self->directory, partition);
    sqlite_file_config_t config = {.path = path,
        .application = APPLICATION,
        .format = FORMAT,
        .schema = s_schema,
        .upgrades = s_upgrades,
        .is_synced = true,
        .was_synced = true,
        .checkpoint_pages = CHECKPOINT_PAGES,
        .cache_kib = (int) MAX (CACHE_KIB / self->partitions, CACHE_MIN_KIB),
        .failpoints = "store",
        .logged_ms = &self->logged_ms};
    place->file = sqlite_file_open (&config);
    g_free (path);
    if (!place->file)
        return TAKE_FAILED;
    int64_t number = 0;
    place->update = sqlite_file_prepare (place->file, s_update);
    if (!place->update)
        return TAKE_FAILED;
    const char *fault = s_raise_epoch (self, place, partition, &number);
    *epoch = (uint64_t) number;
    if (fault) {
        sqlite_file_blame (place->file, fault);
        return TAKE_FAILED;
    }
    place->rows = sqlite_file_prepare (place->file, "SELECT * FROM rocket ORDER BY number");
    place->save = sqlite_file_prepare (place->file, s_upsert);
    place->remove = sqlite_file_prepare (place->file, "DELETE FROM rocket WHERE number = ?");
    place->epoch = sqlite_file_prepare (place->file, "SELECT epoch FROM partition");
    return place->rows && place->save && place->remove && place->epoch ? TAKE_DONE : TAKE_FAILED;
}

static int
s_bind_text (sqlite3_stmt *statement, int place, text_t text)
{
    return text.data
               ? sqlite3_bind_text (statement, place, text.data, (int) text.size, SQLITE_STATIC)
               : sqlite3_bind_null (statement, place);
}

static int
s_save_row (sqlite3_stmt *statement, const rocket_view_t *view)
{
    const int64_t numbers[] = {(int64_t) view->last_number, view->last_time_us,
        (int64_t) view->applied, (int64_t) view->conflicts, (int64_t) view->gaps_closed,
        (int64_t) view->type_number, (int64_t) view->mission_number,
        (int64_t) view->explosion_number};
    g_assert (view->row > 0);
    int bad = sqlite3_bind_int64 (statement, 1, view->row);
    bad |= s_bind_text (statement, 2, view->id);
    bad |= s_bind_text (statement, 3, view->type);
    bad |= sqlite3_bind_int64 (statement, 4, view->speed);
    bad |= s_bind_text (statement, 5, view->mission);
    bad |= s_bind_text (statement, 6, text_from (rocket_status_name (view->status)));
    bad |= s_bind_text (statement, 7, view->explosion_reason);
    for (int index = 0; index < 8; index++)
        bad |= sqlite3_bind_int64 (statement, 8 + index, numbers[index]);
    bad |= sqlite3_bind_blob (statement, 16, view->seen_count ? (const void *) view->seen : "",
        (int) (view->seen_count * sizeof *view->seen), SQLITE_STATIC);
    bad |= sqlite3_bind_blob (statement, 17, view->hashes, sizeof view->hashes, SQLITE_STATIC);
    bad |= sqlite3_bind_int64 (statement, 18, s_row_checksum (view));
    if (bad)
        return bad;
    sqlite3_step (statement);
    return sqlite3_reset (statement);
}

static int
s_remove_row (sqlite3_stmt *statement, uint32_t row)
{
    int bad = sqlite3_bind_int64 (statement, 1, row);
    if (bad)
        return bad;
    sqlite3_step (statement);
    return sqlite3_reset (statement);
}

//  Read the epoch of the partition. Return SQLITE_OK or the error.
static int
s_read_epoch (sqlite3_stmt *statement, uint64_t *epoch)
{
    if (sqlite3_step (statement) == SQLITE_ROW)
        *epoch = (uint64_t) sqlite3_column_int64 (statement, 0);
    return sqlite3_reset (statement);
}

static bool
s_position (store_t *base, uint32_t partition, position_t *position)
{
    const partition_file_t *place = &((store_sqlite_t *) base)->files[partition];
    *position = place->position;
    return place->has_position;
}

static save_t
s_save (store_t *base, owned_t owned, rocket_view_t *const *rockets, size_t count,
    const position_t *position)
{
    store_sqlite_t *self = (store_sqlite_t *) base;
    const partition_file_t *place = &self->files[owned.partition];
    uint64_t epoch = 0;
    file_result_t begun = sqlite_file_begin (place->file);
    if (begun != FILE_DONE)
        return begun == FILE_FAILED ? SAVE_FAILED : SAVE_BROKEN;
    int result = s_read_epoch (place->epoch, &epoch);
    if (result == SQLITE_OK && epoch != owned.epoch) {
        (void) sqlite_file_end (place->file, SQLITE_OK);
        return SAVE_FENCED;
    }
    for (size_t index = 0; result == SQLITE_OK && index < count; index++)
        result = rockets[index]->status == ROCKET_GONE
                     ? s_remove_row (place->remove, rockets[index]->row)
                     : s_save_row (place->save, rockets[index]);
    if (result == SQLITE_OK && position)
        result = s_update_partition (
            self, place->update, owned.partition, (int64_t) owned.epoch, position);
    switch (sqlite_file_end (place->file, result)) {
    case FILE_DONE:
        return SAVE_DONE;
    case FILE_FAILED:
        return SAVE_FAILED;
    default:
        return SAVE_BROKEN;
    }
}

static bool
s_mark (store_t *base, const state_mark_t *mark)
{
    store_sqlite_t *self = (store_sqlite_t *) base;
    if (!state_files_mark (self->directory, mark))
        return false;
    self->mark = *mark;
    return true;
}

static void
s_release (store_t *base, uint32_t partition)
{
    partition_file_t *place = &((store_sqlite_t *) base)->files[partition];
    sqlite_file_close (&place->file);
    *place = (partition_file_t){0};
}

static store_health_t
s_health (store_t *base)
{
    (void) base;
    return (store_health_t){.kind = "sqlite", .saved_on = "disk"};
}

static void
s_destroy (store_t **base_p)
{
    store_sqlite_t *self = (store_sqlite_t *) *base_p;
    if (!self)
        return;
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        s_release (*base_p, partition);
    g_free (self->directory);
    g_free (self);
    *base_p = NULL;
}

store_t *
store_sqlite_new (const char *directory, state_traits_t *traits)
{
    if (!state_files_open (directory, traits))
        return NULL;
    store_sqlite_t *self = g_new0 (store_sqlite_t, 1);
    self->base =
        (store_t){s_take, s_load, s_position, s_save, s_mark, s_release, s_health, s_destroy, true};
    self->directory = g_strdup (directory);
    self->partitions = traits->partitions;
    self->mark = traits->mark;
    return &self->base;
}
