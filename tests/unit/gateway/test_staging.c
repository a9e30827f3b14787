//  Uploads against a journal whose rounds succeed or fail: a random course of pieces, ends and
//  rounds leaves frames for exactly the uploads that were accepted, in the journal and with the
//  receiver.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib/gstdio.h>

#include "gateway/delivery/kept.h"
#include "gateway/delivery/staging.h"

#define UPLOADS 8
#define STEPS 400

typedef struct {
    journal_file_t *file;
    staging_t *staging;
    GHashTable *kept;      //  sequences that were handed over
    GHashTable *expected;  //  that must be, in the end
    uint64_t next_sequence;
} course_t;

typedef struct {
    staged_t *staged;  //  NULL: it is over
    receipt_t *receipt;
    GArray *sequences;
} client_t;

static record_t *
s_make_record (course_t *self, receipt_t *receipt)
{
    record_t *record = g_new0 (record_t, 1);
    record->sequence = ++self->next_sequence;
    record->messages = 3;
    record->size = 100;
    record->bytes = g_malloc0 (record->size);
    record->receipt = receipt_ref (receipt);
    receipt_add_frame (receipt);
    return record;
}

static void
s_keep (void *context, record_t *record)
{
    cr_assert (
        g_hash_table_add (((course_t *) context)->kept, GSIZE_TO_POINTER (record->sequence)));
    record_free (record);
}

//  Begin a round; the caller's next steps happen while it is in progress.
static journal_round_t *
s_begin_round (course_t *self, bool may_remove)
{
    journal_round_t *round = journal_round_new ();
    staging_fill (self->staging, round, may_remove);
    return round;
}

static void
s_end_round (course_t *self, journal_round_t *round, bool is_good)
{
    round->result = is_good ? journal_file_write (self->file, &round->change) : FILE_FAILED;
    staging_settle (self->staging, round, s_keep, self);
    journal_round_destroy (&round);
}

static void
s_step_client (course_t *self, client_t *client, int choice)
{
    if (!client->staged) {
        client->staged = staging_begin (self->staging, 0, 0);
        client->sequences = g_array_new (FALSE, FALSE, sizeof (uint64_t));
    }
    else if (choice < 7 && !staged_evicted (client->staged))
        for (int frames = choice % 3; frames >= 0; frames--) {
            record_t *record = s_make_record (self, staged_receipt (client->staged));
            g_array_append_val (client->sequences, record->sequence);
            staging_add (self->staging, client->staged, record, 0);
        }
    else if (choice < 9 && !staged_is_failed (client->staged) && !staged_evicted (client->staged)) {
        client->receipt = staging_accept (self->staging, client->staged);
        client->staged = NULL;
    }
    else {
        staging_drop (self->staging, client->staged);
        client->staged = NULL;
        g_clear_pointer (&client->sequences, g_array_unref);
    }
}

//  Once an accepted upload has an outcome, check it.
static void
s_look (course_t *self, client_t *client)
{
    if (!client->receipt || receipt_outcome (client->receipt) == RECEIPT_PENDING)
        return;
    bool is_kept = receipt_outcome (client->receipt) != RECEIPT_REFUSED;
    for (guint index = 0; is_kept && index < client->sequences->len; index++)
        g_hash_table_add (
            self->expected, GSIZE_TO_POINTER (g_array_index (client->sequences, uint64_t, index)));
    receipt_unref (&client->receipt);
    g_clear_pointer (&client->sequences, g_array_unref);
}

//  Some way, and then to the end of everything, or to a kill: nothing more happens.
static void
s_run (course_t *self, GRand *random, int steps, bool is_killed)
{
    client_t clients[UPLOADS] = {0};
    journal_round_t *round = NULL;
    for (int step = 0; step < steps; step++) {
        client_t *client = &clients[g_rand_int_range (random, 0, UPLOADS)];
        if (!client->receipt)
            s_step_client (self, client, g_rand_int_range (random, 0, 10));
        if (g_rand_int_range (random, 0, 10) == 0)
            (void) staging_make_room (
                self->staging, client->staged, (room_t){20, 5000}, (room_t){60, 20000});
        if (g_rand_int_range (random, 0, 200) == 0)
            staging_evict_slow (self->staging, UPLOAD_STEP_MS);
        bool is_round_time = g_rand_int_range (random, 0, 3) == 0;
        if (is_round_time && round)
            s_end_round (self, g_steal_pointer (&round), g_rand_int_range (random, 0, 5) > 0);
        else if (is_round_time)
            round = s_begin_round (self, g_rand_boolean (random));
        for (int one = 0; one < UPLOADS; one++)
            s_look (self, &clients[one]);
    }
    for (int one = 0; one < UPLOADS && !is_killed; one++)
        if (clients[one].staged)
            staging_drop (self->staging, clients[one].staged);
    if (round && !is_killed)
        s_end_round (self, g_steal_pointer (&round), false);
    if (!is_killed)
        s_end_round (self, s_begin_round (self, true), true);
    journal_round_destroy (&round);
    for (int one = 0; one < UPLOADS; one++) {
        s_look (self, &clients[one]);
        receipt_unref (&clients[one].receipt);
        g_clear_pointer (&clients[one].sequences, g_array_unref);
    }
}

static void
s_check_end (const course_t *self)
{
    cr_assert_eq (staging_messages (self->staging), 0);
    cr_assert_eq (staging_bytes (self->staging), 0);
    cr_assert_eq (staging_new_bytes (self->staging), 0);
    cr_assert_not (staging_is_due (self->staging));
    cr_assert_not (staging_has_dropped (self->staging));
}

//  The journal has the accepted frames; after a kill the others have marks.
static void
s_check_journal (course_t *self, bool is_killed)
{
    uint64_t frames = 0;
    journal_content_t content;
    cr_assert_eq (journal_file_drop_uploads (self->file, &frames), FILE_DONE);
    cr_assert (is_killed || frames == 0);
    cr_assert (journal_file_verify (self->file, &content));
    cr_assert_eq (content.frames, g_hash_table_size (self->expected));
    cr_assert_eq (content.frames, g_hash_table_size (self->kept));
    GHashTableIter iterator;
    gpointer sequence;
    g_hash_table_iter_init (&iterator, self->expected);
    while (g_hash_table_iter_next (&iterator, &sequence, NULL)) {
        size_t size = 0;
        uint8_t *bytes = journal_file_read (self->file, GPOINTER_TO_SIZE (sequence), &size);
        cr_assert (bytes && g_hash_table_contains (self->kept, sequence));
        g_free (bytes);
    }
}

Test (staging, what_is_kept_is_what_was_accepted_whenever_there_is_a_kill, .timeout = 300)
{
    char *folder = g_dir_make_tmp ("downlink-XXXXXX", NULL);
    char *path = g_build_filename (folder, "journal.sqlite", NULL);
    for (guint32 seed = 0; seed < 200; seed++) {
        GRand *random = g_rand_new_with_seed (seed);
        bool is_killed = seed % 2;
        course_t course = {.file = journal_file_open (path, false, false),
            .staging = staging_new (true, false),
            .kept = g_hash_table_new (NULL, NULL),
            .expected = g_hash_table_new (NULL, NULL)};
        s_run (&course, random, g_rand_int_range (random, 0, STEPS), is_killed);
        if (!is_killed)
            s_check_end (&course);
        s_check_journal (&course, is_killed);
        g_hash_table_unref (course.kept);
        g_hash_table_unref (course.expected);
        staging_destroy (&course.staging);
        journal_file_close (&course.file);
        g_rand_free (random);
        g_unlink (path);
    }
    g_rmdir (folder);
    g_free (path);
    g_free (folder);
}

Test (staging, bytes_leave_memory_when_the_journal_has_them)
{
    char *folder = g_dir_make_tmp ("downlink-XXXXXX", NULL);
    char *path = g_build_filename (folder, "journal.sqlite", NULL);
    course_t course = {.file = journal_file_open (path, false, false),
        .staging = staging_new (true, false),
        .kept = g_hash_table_new (NULL, NULL)};
    staged_t *upload = staging_begin (course.staging, 0, 0);
    record_t *first = s_make_record (&course, staged_receipt (upload));
    staging_add (course.staging, upload, first, 0);
    cr_assert_eq (staging_new_bytes (course.staging), first->size + ROW_BYTES);
    s_end_round (&course, s_begin_round (&course, false), true);
    cr_assert_null (first->bytes);
    cr_assert_eq (staging_new_bytes (course.staging), 0);
    cr_assert_eq (staging_bytes (course.staging), first->size + ROW_BYTES);
    journal_round_t *round = s_begin_round (&course, false);
    cr_assert_eq (round->change.staged->len, 0);
    s_end_round (&course, round, true);
    staging_drop (course.staging, upload);
    s_end_round (&course, s_begin_round (&course, true), true);
    g_hash_table_unref (course.kept);
    staging_destroy (&course.staging);
    journal_file_close (&course.file);
    g_unlink (path);
    g_rmdir (folder);
    g_free (path);
    g_free (folder);
}

//  Add so many frames of three messages to a new upload.
static staged_t *
s_upload_of (course_t *course, uint64_t client, int frames, int64_t now_ms)
{
    staged_t *upload = staging_begin (course->staging, client, now_ms);
    for (int index = 0; index < frames; index++)
        staging_add (
            course->staging, upload, s_make_record (course, staged_receipt (upload)), now_ms);
    return upload;
}

static staged_t *
s_upload (course_t *course, int frames, int64_t now_ms)
{
    return s_upload_of (course, 0, frames, now_ms);
}

//  A client with many small uploads has no more than one with a large one.
Test (staging, all_uploads_of_a_client_share_its_share)
{
    course_t course = {.staging = staging_new (false, false)};
    room_t each = {10, 10000};
    room_t all = {1000, 1000000};
    staged_t *many[5];
    staged_t *good = s_upload_of (&course, 8, 3, 0);
    for (int index = 0; index < 5; index++)
        many[index] = s_upload_of (&course, 7, 1, 0);
    staged_t *alone = s_upload (&course, 3, 0);
    staged_t *another = s_upload (&course, 3, 0);
    cr_assert (staging_make_room (course.staging, NULL, each, all), "15 messages are too many");
    cr_assert (staging_make_room (course.staging, many[2], each, all));
    cr_assert_not (staging_make_room (course.staging, NULL, each, all), "9 are not");
    unsigned evicted = 0;
    for (int index = 0; index < 5; index++)
        evicted += staged_evicted (many[index]) == EVICTED_FOR_ROOM;
    cr_expect_eq (evicted, 2);
    cr_expect_eq (staged_evicted (good), EVICTED_NOT);
    cr_expect_eq (staged_evicted (alone), EVICTED_NOT);
    cr_expect_eq (staged_evicted (another), EVICTED_NOT);
    for (int index = 0; index < 5; index++)
        staging_drop (course.staging, many[index]);
    staging_drop (course.staging, good);
    staging_drop (course.staging, alone);
    staging_drop (course.staging, another);
    s_check_end (&course);
    staging_destroy (&course.staging);
}

Test (staging, room_is_made_by_the_upload_over_its_share_that_has_not_grown_for_the_longest)
{
    course_t course = {.staging = staging_new (false, false)};
    room_t each = {10, 10000};
    room_t all = {40, 40000};
    staged_t *small = s_upload (&course, 3, 0);
    staged_t *older = s_upload (&course, 4, 0);
    staged_t *newer = s_upload (&course, 5, 0);
    cr_assert (staging_make_room (course.staging, older, each, all));
    cr_assert_eq (staged_evicted (newer), EVICTED_FOR_ROOM, "an upload never evicts itself");
    cr_assert (staging_make_room (course.staging, NULL, each, all));
    cr_assert_eq (staged_evicted (older), EVICTED_FOR_ROOM);
    cr_assert_not (staging_make_room (course.staging, NULL, each, all));
    cr_assert_eq (staged_evicted (small), EVICTED_NOT, "nobody is over a share any more");
    cr_assert_eq (staging_messages (course.staging), 9);
    staged_t *others[12];
    for (int index = 0; index < 12; index++)
        others[index] = s_upload (&course, 3, 0);
    cr_assert (staging_make_room (course.staging, NULL, each, all));
    cr_assert_eq (staged_evicted (small), EVICTED_FOR_ROOM, "all together hold too much");
    for (int index = 0; index < 12; index++)
        staging_drop (course.staging, others[index]);
    staging_drop (course.staging, small);
    staging_drop (course.staging, older);
    staging_drop (course.staging, newer);
    s_check_end (&course);
    staging_destroy (&course.staging);
}

Test (staging, an_upload_that_grows_too_slowly_is_evicted)
{
    course_t course = {.staging = staging_new (false, false)};
    staged_t *quick = s_upload (&course, UPLOAD_STEP_MESSAGES / 3 + 1, 0);
    staged_t *slow = s_upload (&course, 1, 0);
    staging_evict_slow (course.staging, UPLOAD_STEP_MS - 1);
    cr_assert_eq (staged_evicted (slow), EVICTED_NOT);
    for (int index = 0; index <= UPLOAD_STEP_MESSAGES / 3; index++)
        staging_add (course.staging, quick, s_make_record (&course, staged_receipt (quick)), 1000);
    staging_evict_slow (course.staging, UPLOAD_STEP_MS);
    cr_assert_eq (staged_evicted (slow), EVICTED_SLOW);
    cr_assert_eq (staged_evicted (quick), EVICTED_NOT);
    staging_drop (course.staging, slow);
    staging_drop (course.staging, quick);
    staging_destroy (&course.staging);
}
