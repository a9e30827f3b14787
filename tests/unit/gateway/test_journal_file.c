//  The journal's file: written frames are read, changes by others are noticed, and a
//  log that was cut anywhere gives exactly the transactions that are whole in it.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "gateway/journal/journal_file.h"

#define WAL_HEADER 32
#define WAL_FRAME (24 + 4096)

static char *s_folder;
static char *s_path;

static void
s_set_up (void)
{
    s_folder = g_dir_make_tmp ("downlink-XXXXXX", NULL);
    s_path = g_build_filename (s_folder, "journal.sqlite", NULL);
}

static void
s_remove (const char *path, const char *suffix)
{
    char *name = g_strconcat (path, suffix, NULL);
    g_unlink (name);
    g_free (name);
}

static void
s_tear_down (void)
{
    s_remove (s_path, "");
    s_remove (s_path, "-wal");
    g_rmdir (s_folder);
    g_free (s_path);
    g_free (s_folder);
}

TestSuite (journal_file, .init = s_set_up, .fini = s_tear_down);

static journal_file_t *
s_open (const char *path)
{
    return journal_file_open (path, true, true);
}

//  A frame whose bytes tell its sequence.
static void
s_add (journal_file_t *file, uint64_t sequence, size_t size)
{
    uint8_t *bytes = g_malloc (size);
    memset (bytes, (int) (sequence % 251), size);
    record_t record = {.sequence = sequence,
        .bytes = bytes,
        .size = (uint32_t) size,
        .messages = (uint32_t) sequence + 1};
    GPtrArray *added = g_ptr_array_new ();
    g_ptr_array_add (added, &record);
    cr_assert_eq (journal_file_write (file, &(journal_change_t){.added = added}), FILE_DONE);
    g_ptr_array_unref (added);
    g_free (bytes);
}

static void
s_execute (const char *sql)
{
    sqlite3 *database = NULL;
    cr_assert_eq (sqlite3_open (s_path, &database), SQLITE_OK);
    cr_assert_eq (sqlite3_exec (database, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
        sqlite3_errmsg (database));
    sqlite3_close (database);
}

static void
s_fill (uint64_t frames)
{
    journal_file_t *file = s_open (s_path);
    for (uint64_t sequence = 1; sequence <= frames; sequence++)
        s_add (file, sequence, 10 * sequence);
    journal_file_close (&file);
}

Test (journal_file, what_was_written_is_read)
{
    s_fill (20);
    journal_file_t *file = s_open (s_path);
    journal_content_t content;
    cr_assert (journal_file_verify (file, &content));
    cr_assert_eq (content.frames, 20);
    cr_assert_eq (content.messages, 230);
    cr_assert_eq (content.bytes, 2100);
    size_t size = 0;
    uint8_t *bytes = journal_file_read (file, 7, &size);
    cr_assert_eq (size, 70);
    cr_assert_eq (bytes[69], 7);
    g_free (bytes);
    cr_assert_null (journal_file_read (file, 21, &size));
    const number_range_t ranges[] = {{1, 5}, {7, 7}, {20, 99}};
    GArray *removed = g_array_new (FALSE, FALSE, sizeof *ranges);
    g_array_append_vals (removed, ranges, 3);
    cr_assert_eq (journal_file_write (file, &(journal_change_t){.removed = removed}), FILE_DONE);
    g_array_unref (removed);
    const uint8_t *next = NULL;
    uint32_t messages = 0;
    cr_assert_eq (journal_file_next (file, 0, &next, &size, &messages), 6);
    cr_assert_eq (journal_file_next (file, 6, &next, &size, &messages), 8);
    cr_assert_eq (messages, 9);
    cr_assert_eq (journal_file_next (file, 19, &next, &size, &messages), 0);
    journal_file_close (&file);
}

Test (journal_file, a_row_that_was_changed_is_noticed)
{
    static const char *const changes[] = {
        "UPDATE frame SET bytes = zeroblob (50) WHERE sequence = 5",
        "UPDATE frame SET sequence = 100 WHERE sequence = 5",
        "UPDATE frame SET messages = messages + 1 WHERE sequence = 5",
        "UPDATE frame SET checksum = checksum + 1 WHERE sequence = 5",
        "UPDATE frame SET bytes = x'' WHERE sequence = 5"};
    for (size_t index = 0; index < G_N_ELEMENTS (changes); index++) {
        s_fill (9);
        s_execute (changes[index]);
        journal_file_t *file = s_open (s_path);
        journal_content_t content;
        cr_assert_not (journal_file_verify (file, &content), "%s", changes[index]);
        journal_file_close (&file);
        s_remove (s_path, "");
    }
}

Test (journal_file, a_file_that_is_not_ours_or_newer_is_refused)
{
    static const char *const changes[] = {"PRAGMA user_version = 3", "PRAGMA application_id = 7",
        "DROP TABLE frame; CREATE TABLE frame (a)", "DROP TABLE frame"};
    for (size_t index = 0; index < G_N_ELEMENTS (changes); index++) {
        s_fill (3);
        s_execute (changes[index]);
        cr_assert_null (s_open (s_path), "%s", changes[index]);
        s_remove (s_path, "");
    }
    cr_assert (
        g_file_set_contents (s_path, "no database, but long enough to be looked at", -1, NULL));
    cr_assert_null (s_open (s_path));
}

//  Frames of an upload that is not whole.
static void
s_stage (journal_file_t *file, uint64_t upload, uint64_t first, uint64_t last)
{
    GArray *marked = g_array_new (FALSE, FALSE, sizeof (upload_mark_t));
    upload_mark_t mark = {upload, {first, last}};
    g_array_append_val (marked, mark);
    for (uint64_t sequence = first; sequence <= last; sequence++)
        s_add (file, sequence, 10 * sequence);
    cr_assert_eq (journal_file_write (file, &(journal_change_t){.marked = marked}), FILE_DONE);
    g_array_unref (marked);
}

static void
s_end (journal_file_t *file, uint64_t upload)
{
    GArray *ended = g_array_new (FALSE, FALSE, sizeof upload);
    g_array_append_val (ended, upload);
    cr_assert_eq (journal_file_write (file, &(journal_change_t){.ended = ended}), FILE_DONE);
    g_array_unref (ended);
}

Test (journal_file, uploads_that_did_not_end_leave_nothing)
{
    s_fill (5);
    journal_file_t *file = s_open (s_path);
    s_stage (file, 1, 6, 8);
    s_stage (file, 2, 9, 10);
    s_stage (file, 1, 11, 12);
    s_add (file, 13, 130);
    s_end (file, 2);
    journal_file_close (&file);
    file = s_open (s_path);
    uint64_t frames = 0;
    journal_content_t content;
    cr_assert_eq (journal_file_drop_uploads (file, &frames), FILE_DONE);
    cr_assert_eq (frames, 5);
    cr_assert (journal_file_verify (file, &content));
    cr_assert_eq (content.frames, 8);
    const uint8_t *next = NULL;
    size_t size = 0;
    uint32_t messages = 0;
    cr_assert_eq (journal_file_next (file, 5, &next, &size, &messages), 9);
    cr_assert_eq (journal_file_next (file, 10, &next, &size, &messages), 13);
    cr_assert_eq (journal_file_drop_uploads (file, &frames), FILE_DONE);
    cr_assert_eq (frames, 0);
    journal_file_close (&file);
}

Test (journal_file, a_mark_that_was_changed_is_noticed)
{
    static const char *const changes[] = {"UPDATE upload SET id = 2", "UPDATE upload SET first = 1",
        "UPDATE upload SET last = 5", "UPDATE upload SET checksum = checksum + 1"};
    for (size_t index = 0; index < G_N_ELEMENTS (changes); index++) {
        journal_file_t *file = s_open (s_path);
        s_stage (file, 1, 3, 4);
        journal_file_close (&file);
        s_execute (changes[index]);
        file = s_open (s_path);
        journal_content_t content;
        uint64_t frames = 0;
        cr_assert_not (journal_file_verify (file, &content), "%s", changes[index]);
        cr_assert_eq (journal_file_drop_uploads (file, &frames), FILE_BROKEN);
        journal_file_close (&file);
        s_remove (s_path, "");
    }
}

Test (journal_file, a_file_of_the_format_before_is_taken)
{
    s_fill (9);
    s_execute ("DROP TABLE upload; PRAGMA user_version = 1");
    journal_file_t *file = s_open (s_path);
    journal_content_t content;
    cr_assert (journal_file_verify (file, &content));
    cr_assert_eq (content.frames, 9);
    s_stage (file, 1, 10, 11);
    journal_file_close (&file);
}

Test (journal_file, nobody_else_can_open_it)
{
    journal_file_t *file = s_open (s_path);
    cr_assert_null (s_open (s_path));
    journal_file_close (&file);
}

//  How many frames are in a copy of the file with this much of its log: 1 to n, and no others.
static uint64_t
s_recover (const char *data, gsize data_size, const char *log, gsize log_size)
{
    char *path = g_build_filename (s_folder, "copy.sqlite", NULL);
    char *log_path = g_strconcat (path, "-wal", NULL);
    cr_assert (g_file_set_contents (path, data, (gssize) data_size, NULL));
    cr_assert (g_file_set_contents (log_path, log, (gssize) log_size, NULL));
    journal_file_t *file = s_open (path);
    cr_assert_not_null (file, "with %zu bytes of the log", log_size);
    journal_content_t content;
    cr_assert (journal_file_verify (file, &content));
    cr_assert_eq (content.messages, content.frames * (content.frames + 3) / 2);
    journal_file_close (&file);
    g_unlink (path);
    g_unlink (log_path);
    g_free (path);
    g_free (log_path);
    return content.frames;
}

//  How many transactions are whole in so much of a log: frames that end one say how large the file
//  is.
static uint64_t
s_count_commits (const char *log, gsize size)
{
    uint64_t commits = 0;
    for (gsize at = WAL_HEADER; at + WAL_FRAME <= size; at += WAL_FRAME)
        commits += log[at + 4] || log[at + 5] || log[at + 6] || log[at + 7];
    return commits;
}

Test (journal_file, a_log_that_is_cut_at_any_page_gives_the_whole_transactions, .timeout = 300)
{
    char *log_path = g_strconcat (s_path, "-wal", NULL);
    char *data = NULL;
    char *log = NULL;
    gsize data_size = 0;
    gsize log_size = 0;
    s_fill (1);
    journal_file_t *file = s_open (s_path);
    for (uint64_t sequence = 2; sequence <= 40; sequence++)
        s_add (file, sequence, 100 * sequence);
    cr_assert (g_file_get_contents (s_path, &data, &data_size, NULL));
    cr_assert (g_file_get_contents (log_path, &log, &log_size, NULL));
    journal_file_close (&file);
    cr_assert_eq (s_recover (data, data_size, log, log_size), 40);
    for (gsize size = 0; size < log_size; size += size < WAL_HEADER ? WAL_HEADER : WAL_FRAME / 2)
        cr_assert_eq (s_recover (data, data_size, log, size), 1 + s_count_commits (log, size),
            "cut at %zu of %zu", size, log_size);
    g_free (data);
    g_free (log);
    g_free (log_path);
}
