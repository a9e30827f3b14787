//  SPDX-License-Identifier: Apache-2.0
#include "gateway/journal/journal_file.h"

#include <glib.h>

#define APPLICATION 0x446c4a31  //  "DlJ1"
#define FORMAT 2
#define CHECKPOINT_PAGES 4000

struct journal_file {
    sqlite_file_t *file;
    sqlite3_stmt *add;
    sqlite3_stmt *remove;
    sqlite3_stmt *read;
    sqlite3_stmt *next;
    sqlite3_stmt *mark;
    sqlite3_stmt *unmark;
    sqlite3_stmt *marks;
};

//  Only bursts make frames longer than a page, so pages of 4 KiB suit all loads.
#define FRAMES                                                                                     \
    "CREATE TABLE frame (sequence INTEGER PRIMARY KEY, messages INTEGER NOT NULL,"                 \
    " checksum INTEGER NOT NULL, bytes BLOB NOT NULL)"
#define MARKS                                                                                      \
    "CREATE TABLE upload (id INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"     \
    " checksum INTEGER NOT NULL)"

static const char *const s_upgrades[] = {MARKS};  //  format 1 has no uploads

journal_file_t *
journal_file_open (const char *path, bool is_synced, bool was_synced)
{
    sqlite_file_config_t config = {.path = path,
        .application = APPLICATION,
        .format = FORMAT,
        .schema = FRAMES "; " MARKS,
        .upgrades = s_upgrades,
        .is_synced = is_synced,
        .was_synced = was_synced,
        .checkpoint_pages = CHECKPOINT_PAGES,
        .failpoints = "journal"};
    journal_file_t *self = g_new0 (journal_file_t, 1);
    self->file = sqlite_file_open (&config);
    if (self->file) {
        self->add = sqlite_file_prepare (self->file, "INSERT INTO frame VALUES (?,?,?,?)");
        self->remove =
            sqlite_file_prepare (self->file, "DELETE FROM frame WHERE sequence BETWEEN ? AND ?");
        self->read = sqlite_file_prepare (
            self->file, "SELECT sequence, messages, checksum, bytes FROM frame WHERE sequence = ?");
        self->next = sqlite_file_prepare (self->file,
            "SELECT sequence, messages, checksum, bytes FROM frame WHERE sequence > ?"
            " ORDER BY sequence LIMIT 1");
        self->mark = sqlite_file_prepare (self->file, "INSERT INTO upload VALUES (?,?,?,?)");
        self->unmark = sqlite_file_prepare (self->file, "DELETE FROM upload WHERE id = ?");
        self->marks =
            sqlite_file_prepare (self->file, "SELECT id, first, last, checksum FROM upload");
    }
    if (!self->add || !self->remove || !self->read || !self->next || !self->mark || !self->unmark ||
        !self->marks)
        journal_file_close (&self);
    return self;
}

void
journal_file_close (journal_file_t **self_p)
{
    journal_file_t *self = *self_p;
    if (!self)
        return;
    sqlite_file_close (&self->file);
    g_free (self);
    *self_p = NULL;
}

//  Return the checksum of a row: the bytes and two numbers.
static int64_t
s_checksum (uint64_t sequence, uint64_t messages, const void *bytes, size_t size)
{
    int64_t checksum = sqlite_file_checksum (text_of (bytes, size));
    uint64_t mixed;
    memcpy (&mixed, &checksum, sizeof mixed);
    mixed += sequence * UINT64_C (0x9e3779b97f4a7c15) + messages * UINT64_C (0xc2b2ae3d27d4eb4f);
    memcpy (&checksum, &mixed, sizeof checksum);
    return checksum;
}

static int
s_add (sqlite3_stmt *statement, const record_t *record)
{
    int bad = sqlite3_bind_int64 (statement, 1, (int64_t) record->sequence);
    bad |= sqlite3_bind_int64 (statement, 2, record->messages);
    bad |= sqlite3_bind_int64 (
        statement, 3, s_checksum (record->sequence, record->messages, record->bytes, record->size));
    bad |= sqlite3_bind_blob (statement, 4, record->bytes, (int) record->size, SQLITE_STATIC);
    if (bad)
        return bad;
    sqlite3_step (statement);
    return sqlite3_reset (statement);
}

static int
s_remove (sqlite3_stmt *statement, number_range_t range)
{
    int bad = sqlite3_bind_int64 (statement, 1, (int64_t) range.first);
    bad |= sqlite3_bind_int64 (statement, 2, (int64_t) range.last);
    if (bad)
        return bad;
    sqlite3_step (statement);
    return sqlite3_reset (statement);
}

static int64_t
s_mark_checksum (const upload_mark_t *mark)
{
    return sqlite_file_checksum (text_of ((const char *) mark, sizeof *mark));
}

static int
s_mark (sqlite3_stmt *statement, const upload_mark_t *mark)
{
    int bad = sqlite3_bind_int64 (statement, 1, (int64_t) mark->upload);
    bad |= sqlite3_bind_int64 (statement, 2, (int64_t) mark->frames.first);
    bad |= sqlite3_bind_int64 (statement, 3, (int64_t) mark->frames.last);
    bad |= sqlite3_bind_int64 (statement, 4, s_mark_checksum (mark));
    if (bad)
        return bad;
    sqlite3_step (statement);
    return sqlite3_reset (statement);
}

static int
s_unmark (sqlite3_stmt *statement, uint64_t upload)
{
    int bad = sqlite3_bind_int64 (statement, 1, (int64_t) upload);
    if (bad)
        return bad;
    sqlite3_step (statement);
    return sqlite3_reset (statement);
}

static int
s_add_all (journal_file_t *self, const GPtrArray *records)
{
    int result = SQLITE_OK;
    for (guint index = 0; records && result == SQLITE_OK && index < records->len; index++)
        result = s_add (self->add, records->pdata[index]);
    return result;
}

static int
s_remove_all (journal_file_t *self, const GArray *ranges)
{
    int result = SQLITE_OK;
    for (guint index = 0; ranges && result == SQLITE_OK && index < ranges->len; index++)
        result = s_remove (self->remove, g_array_index (ranges, number_range_t, index));
    return result;
}

static int
s_change_marks (journal_file_t *self, const GArray *marked, const GArray *ended)
{
    int result = SQLITE_OK;
    for (guint index = 0; marked && result == SQLITE_OK && index < marked->len; index++)
        result = s_mark (self->mark, &g_array_index (marked, upload_mark_t, index));
    for (guint index = 0; ended && result == SQLITE_OK && index < ended->len; index++)
        result = s_unmark (self->unmark, g_array_index (ended, uint64_t, index));
    return result;
}

file_result_t
journal_file_write (journal_file_t *self, const journal_change_t *change)
{
    sqlite3_reset (self->next);
    file_result_t begun = sqlite_file_begin (self->file);
    if (begun != FILE_DONE)
        return begun;
    //  Delete rows first, so that new rows use their room.
    int result = s_remove_all (self, change->removed);
    if (result == SQLITE_OK)
        result = s_remove_all (self, change->dropped);
    if (result == SQLITE_OK)
        result = s_remove_all (self, change->replaced);
    if (result == SQLITE_OK)
        result = s_add_all (self, change->added);
    if (result == SQLITE_OK)
        result = s_add_all (self, change->staged);
    if (result == SQLITE_OK)
        result = s_add_all (self, change->remade);
    if (result == SQLITE_OK)
        result = s_change_marks (self, change->marked, change->ended);
    return sqlite_file_end (self->file, result);
}

bool
journal_file_is_disk_full (const journal_file_t *self)
{
    return sqlite_file_is_disk_full (self->file);
}

//  Return all marks, of upload_mark_t, or NULL if one is damaged.
static GArray *
s_read_marks (journal_file_t *self)
{
    GArray *marks = g_array_new (FALSE, FALSE, sizeof (upload_mark_t));
    int result;
    bool good = true;
    while (good && (result = sqlite3_step (self->marks)) == SQLITE_ROW) {
        upload_mark_t mark = {(uint64_t) sqlite3_column_int64 (self->marks, 0),
            {(uint64_t) sqlite3_column_int64 (self->marks, 1),
                (uint64_t) sqlite3_column_int64 (self->marks, 2)}};
        good = sqlite3_column_int64 (self->marks, 3) == s_mark_checksum (&mark);
        g_array_append_val (marks, mark);
    }
    sqlite3_reset (self->marks);
    if (good && result == SQLITE_DONE)
        return marks;
    g_array_unref (marks);
    sqlite_file_blame (self->file,
        "the mark of an upload in it is damaged; restore it from a copy, or move it away to go on "
        "without it");
    return NULL;
}

file_result_t
journal_file_drop_uploads (journal_file_t *self, uint64_t *frames)
{
    GArray *marks = s_read_marks (self);
    GArray *dropped = g_array_new (FALSE, FALSE, sizeof (number_range_t));
    GArray *ended = g_array_new (FALSE, FALSE, sizeof (uint64_t));
    file_result_t result = marks ? FILE_DONE : FILE_BROKEN;
    *frames = 0;
    for (guint index = 0; marks && index < marks->len; index++) {
        upload_mark_t *mark = &g_array_index (marks, upload_mark_t, index);
        g_array_append_val (dropped, mark->frames);
        g_array_append_val (ended, mark->upload);
        *frames += mark->frames.last - mark->frames.first + 1;
    }
    if (dropped->len)
        result = journal_file_write (self, &(journal_change_t){.dropped = dropped, .ended = ended});
    g_array_unref (dropped);
    g_array_unref (ended);
    g_clear_pointer (&marks, g_array_unref);
    return result;
}

//  Return the current row of a statement, unless it is damaged.
static bool
s_read_row (sqlite3_stmt *row, uint64_t *sequence, uint32_t *messages, text_t *bytes)
{
    *sequence = (uint64_t) sqlite3_column_int64 (row, 0);
    *messages = (uint32_t) sqlite3_column_int64 (row, 1);
    //  The bytes of a text could be converted after we point to them.
    if (sqlite3_column_type (row, 3) != SQLITE_BLOB)
        return false;
    *bytes = text_of (sqlite3_column_blob (row, 3), (size_t) sqlite3_column_bytes (row, 3));
    return bytes->data && sqlite3_column_int64 (row, 2) ==
                              s_checksum (*sequence, (uint64_t) sqlite3_column_int64 (row, 1),
                                  bytes->data, bytes->size);
}

uint8_t *
journal_file_read (journal_file_t *self, uint64_t sequence, size_t *size)
{
    uint64_t found = 0;
    uint32_t messages = 0;
    text_t bytes;
    uint8_t *copy = NULL;
    sqlite3_bind_int64 (self->read, 1, (int64_t) sequence);
    if (sqlite3_step (self->read) == SQLITE_ROW &&
        s_read_row (self->read, &found, &messages, &bytes)) {
        copy = g_memdup2 (bytes.data, bytes.size);
        *size = bytes.size;
    }
    else
        sqlite_file_blame (self->file, "a frame in it is damaged; restore it from a copy");
    sqlite3_reset (self->read);
    return copy;
}

bool
journal_file_verify (journal_file_t *self, journal_content_t *content)
{
    uint64_t sequence = 0;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    uint32_t messages = 0;
    *content = (journal_content_t){0};
    GArray *marks = s_read_marks (self);
    if (!marks)
        return false;
    g_array_unref (marks);
    while ((sequence = journal_file_next (self, sequence, &bytes, &size, &messages))) {
        if (!bytes)
            return false;
        content->frames++;
        content->messages += messages;
        content->bytes += size;
    }
    return true;
}

uint64_t
journal_file_next (
    journal_file_t *self, uint64_t above, const uint8_t **bytes, size_t *size, uint32_t *messages)
{
    uint64_t sequence = 0;
    text_t found;
    *bytes = NULL;
    sqlite3_reset (self->next);
    sqlite3_bind_int64 (self->next, 1, (int64_t) above);
    int result = sqlite3_step (self->next);
    if (result == SQLITE_DONE)
        return 0;
    if (result == SQLITE_ROW && s_read_row (self->next, &sequence, messages, &found)) {
        *bytes = (const uint8_t *) found.data;
        *size = found.size;
        return sequence;
    }
    sqlite_file_blame (self->file,
        "a frame in it is damaged; restore it from a copy, or move it away to go on without it");
    return above + 1;
}
