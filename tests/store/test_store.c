//  The contract of a store, for the store that DOWNLINK_TEST_STORE names: epochs rise, a load
//  finds exactly the saved rockets, an old epoch saves nothing, and a load never returns damaged
//  rows. The memory store keeps nothing, so it runs only the cases that open it once.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "tests/store/database.h"
#include "tests/store/store_case.h"

TestSuite (store, .init = case_set_up, .fini = case_tear_down);

static void
s_expect_text (text_t found, text_t wanted)
{
    cr_assert_eq (found.data == NULL, wanted.data == NULL);
    cr_assert (text_equal (found, wanted));
}

static void
s_expect_same (const rocket_view_t *found, const rocket_view_t *wanted)
{
    cr_assert_eq (found->row, case_kind () == STORE_SQLITE ? wanted->row : 0);
    s_expect_text (found->id, wanted->id);
    s_expect_text (found->type, wanted->type);
    s_expect_text (found->mission, wanted->mission);
    s_expect_text (found->explosion_reason, wanted->explosion_reason);
    cr_assert_eq (found->speed, wanted->speed);
    cr_assert_eq (found->status, wanted->status);
    cr_assert_eq (found->last_number, wanted->last_number);
    cr_assert_eq (found->last_time_us, wanted->last_time_us);
    cr_assert_eq (found->applied, wanted->applied);
    cr_assert_eq (found->conflicts, wanted->conflicts);
    cr_assert_eq (found->gaps_closed, wanted->gaps_closed);
    cr_assert_eq (found->type_number, wanted->type_number);
    cr_assert_eq (found->mission_number, wanted->mission_number);
    cr_assert_eq (found->explosion_number, wanted->explosion_number);
    cr_assert_eq (found->seen_count, wanted->seen_count);
    if (wanted->seen_count)
        cr_assert_arr_eq (found->seen, wanted->seen, wanted->seen_count * sizeof *wanted->seen);
    cr_assert_arr_eq (found->hashes, wanted->hashes, sizeof wanted->hashes);
}

static save_t
s_save (store_t *store, uint32_t partition, uint64_t epoch, rocket_view_t *rocket)
{
    return store->save (store, (owned_t){partition, epoch}, &rocket, 1, NULL);
}

Test (store, every_taking_raises_the_epoch_of_that_partition)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    for (uint64_t epoch = 1; epoch <= 3; epoch++) {
        store_t *store = case_open ();
        cr_assert_eq (case_take (store, 2), epoch);
        store->destroy (&store);
    }
    store_t *store = case_open ();
    cr_assert_eq (case_take (store, 3), 1);
    store->destroy (&store);
}

//  A store keeps forgotten rockets as such; a rocket that is gone leaves no row.
Test (store, a_forgotten_rocket_is_found_again_and_one_that_is_gone_is_not)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    rocket_view_t full = case_full_rocket (1, "full");
    rocket_view_t other = case_full_rocket (2, "other");
    other.row = 2;
    rocket_view_t forgotten = {.row = 1,
        .id = text_from ("full"),
        .status = ROCKET_FORGOTTEN,
        .applied = 9,
        .last_time_us = full.last_time_us};
    rocket_view_t gone = forgotten;
    gone.status = ROCKET_GONE;
    store_t *store = case_open ();
    uint64_t epoch = case_take (store, 1);
    rocket_view_t *both[] = {&full, &other};
    cr_assert_eq (store->save (store, (owned_t){1, epoch}, both, 2, NULL), SAVE_DONE);
    cr_assert_eq (s_save (store, 1, epoch, &forgotten), SAVE_DONE);
    store->destroy (&store);
    store = case_open ();
    epoch = case_take (store, 1);
    cr_assert_eq (case_found->len, 2);
    const rocket_view_t *first = case_found->pdata[0];
    bool is_other_first = first->id.data[0] == 'o';
    s_expect_same (case_found->pdata[is_other_first ? 1 : 0], &forgotten);
    s_expect_same (case_found->pdata[is_other_first ? 0 : 1], &other);
    cr_assert_eq (s_save (store, 1, epoch - 1, &gone), SAVE_FENCED, "an old epoch removes nothing");
    rocket_view_t *last[] = {&gone, &other};
    cr_assert_eq (store->save (store, (owned_t){1, epoch}, last, 2, NULL), SAVE_DONE);
    store->destroy (&store);
    store = case_open ();
    case_take (store, 1);
    cr_assert_eq (case_found->len, 1);
    s_expect_same (case_found->pdata[0], &other);
    store->destroy (&store);
}

Test (store, what_was_saved_is_found_again_exactly)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    rocket_view_t full = case_full_rocket (1, "full");
    rocket_view_t bare = {.row = 7, .id = text_from ("bare"), .last_number = 1, .applied = 1};
    store_t *store = case_open ();
    uint64_t epoch = case_take (store, 1);
    rocket_view_t *both[] = {&full, &bare};
    cr_assert_eq (store->save (store, (owned_t){1, epoch}, both, 2, NULL), SAVE_DONE);
    store->destroy (&store);
    store = case_open ();
    case_take (store, 1);
    cr_assert_eq (case_found->len, 2);
    const rocket_view_t *first = case_found->pdata[0];
    bool is_bare_first = first->id.data[0] == 'b';
    s_expect_same (case_found->pdata[is_bare_first ? 1 : 0], &full);
    s_expect_same (case_found->pdata[is_bare_first ? 0 : 1], &bare);
    case_take (store, 0);
    cr_assert_eq (case_found->len, 0);
    store->destroy (&store);
}

Test (store, a_later_save_replaces_the_earlier)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    store_t *store = case_open ();
    uint64_t epoch = case_take (store, 0);
    rocket_view_t rocket = case_full_rocket (1, "again");
    cr_assert_eq (s_save (store, 0, epoch, &rocket), SAVE_DONE);
    rocket = case_full_rocket (2, "again");
    rocket.explosion_reason = (text_t){0};
    cr_assert_eq (s_save (store, 0, epoch, &rocket), SAVE_DONE);
    store->destroy (&store);
    store = case_open ();
    case_take (store, 0);
    cr_assert_eq (case_found->len, 1);
    s_expect_same (case_found->pdata[0], &rocket);
    store->destroy (&store);
}

Test (store, a_save_under_another_epoch_changes_nothing)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    store_t *store = case_open ();
    uint64_t epoch = case_take (store, 0);
    rocket_view_t rocket = case_full_rocket (1, "late");
    cr_assert_eq (s_save (store, 0, epoch - 1, &rocket), SAVE_FENCED);
    cr_assert_eq (s_save (store, 0, epoch + 1, &rocket), SAVE_FENCED);
    store->destroy (&store);
    store = case_open ();
    case_take (store, 0);
    cr_assert_eq (case_found->len, 0);
    store->destroy (&store);
}

//  Rows of earlier formats have no number. They get numbers from 1 on, each once.
Test (store, rockets_of_an_earlier_format_are_found_again_and_saved_in_their_rows)
{
    case_skip_unless (case_kind () == STORE_SQLITE);
    for (int format = 1; format <= 2; format++) {
        rocket_view_t one = case_full_rocket (1, "one");
        rocket_view_t other = case_full_rocket (2, "other");
        rocket_view_t *both[] = {&other, &one};
        other.row = 4000000000;
        store_t *store = case_open ();
        uint64_t epoch = case_take (store, 0);
        cr_assert_eq (store->save (store, (owned_t){0, epoch}, both, 2, NULL), SAVE_DONE);
        store->destroy (&store);
        case_make_former (format);
        store = case_open ();
        epoch = case_take (store, 0);
        cr_assert_eq (case_found->len, 2);
        other.row = 2;
        s_expect_same (case_found->pdata[0], &one);
        s_expect_same (case_found->pdata[1], &other);
        other.speed++;
        cr_assert_eq (s_save (store, 0, epoch, &other), SAVE_DONE);
        store->destroy (&store);
        store = case_open ();
        case_take (store, 0);
        cr_assert_eq (case_found->len, 2);
        s_expect_same (case_found->pdata[1], &other);
        store->destroy (&store);
        case_tear_down ();
        case_set_up ();
    }
}

//  A gateway tells by the epoch that a processor has lost the frames that it had taken in.
Test (store, a_processor_takes_no_epoch_twice_even_if_a_failover_takes_it_back)
{
    case_skip_unless (case_kind () == STORE_POSTGRES);
    store_t *store = case_open ();
    uint64_t first = case_take (store, 0);
    store->release (store, 0);
    database_execute (case_address, "UPDATE downlink.partition SET epoch = epoch - 1");
    cr_assert_gt (case_take (store, 0), first);
    store->destroy (&store);
}

Test (store, an_empty_save_is_a_save)
{
    store_t *store = case_open ();
    uint64_t epoch = case_take (store, 0);
    cr_assert_eq (store->save (store, (owned_t){0, epoch}, NULL, 0, NULL), SAVE_DONE);
    store->destroy (&store);
}

Test (store, many_rockets_are_found_again)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    char ids[2000][16];
    rocket_view_t rockets[2000];
    rocket_view_t *pointers[2000];
    for (size_t index = 0; index < 2000; index++) {
        g_snprintf (ids[index], sizeof ids[index], "r%zu", index);
        rockets[index] = (rocket_view_t){.row = (uint32_t) index + 1,
            .id = text_from (ids[index]),
            .speed = (int64_t) index,
            .last_number = 1,
            .applied = 1};
        pointers[index] = &rockets[index];
    }
    store_t *store = case_open ();
    uint64_t epoch = case_take (store, 0);
    cr_assert_eq (store->save (store, (owned_t){0, epoch}, pointers, 2000, NULL), SAVE_DONE);
    store->destroy (&store);
    store = case_open ();
    case_take (store, 0);
    int64_t sum = 0;
    for (guint index = 0; index < case_found->len; index++)
        sum += ((const rocket_view_t *) case_found->pdata[index])->speed;
    cr_assert_eq (case_found->len, 2000);
    cr_assert_eq (sum, 1999 * 1000);
    store->destroy (&store);
}

Test (store, what_belongs_to_a_state_is_kept)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    state_traits_t made = {
        .partitions = PARTITIONS, .partitioner = PARTITIONER_MURMUR2, .ordering = ORDERING_LATEST};
    state_traits_t found = {.partitions = 99, .ordering = ORDERING_LATEST};
    store_t *store = case_try_to_open (&made);
    store->destroy (&store);
    store = case_try_to_open (&found);
    cr_assert_eq (found.partitions, PARTITIONS);
    cr_assert_eq (found.partitioner, PARTITIONER_MURMUR2);
    cr_assert (state_id_is_known (&found.id));
    cr_assert (state_id_equal (&found.id, &made.id));
    store->destroy (&store);
}

Test (store, another_ordering_is_refused)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    state_traits_t made = {.partitions = PARTITIONS, .ordering = ORDERING_LATEST};
    state_traits_t other = {.partitions = PARTITIONS, .ordering = ORDERING_CONVERGE};
    store_t *store = case_try_to_open (&made);
    store->destroy (&store);
    cr_assert_null (case_try_to_open (&other));
}

Test (store, a_state_without_an_identity_gets_one_and_the_ordering)
{
    case_skip_unless (case_kind () == STORE_SQLITE);
    store_t *store = case_open ();
    store->destroy (&store);
    char *path = g_build_filename (case_folder, "identity", NULL);
    cr_assert_eq (g_unlink (path), 0);
    state_traits_t latest = {.partitions = PARTITIONS, .ordering = ORDERING_LATEST};
    store = store_sqlite_new (case_folder, &latest);
    cr_assert (state_id_is_known (&latest.id));
    store->destroy (&store);
    state_traits_t converge = {.partitions = PARTITIONS};
    cr_assert_null (store_sqlite_new (case_folder, &converge));
    cr_assert (g_file_set_contents (path, "uuid nonsense\nordering latest\n", -1, NULL));
    cr_assert_null (store_sqlite_new (case_folder, &latest), "a damaged one is refused");
    g_free (path);
}

Test (store, a_partition_has_one_owner_at_a_time)
{
    case_skip_unless (case_kind () == STORE_SQLITE);
    store_t *store = case_open ();
    store_t *other = case_open ();
    uint64_t epoch = 0;
    case_take (store, 0);
    cr_assert_eq (other->take (other, 0, &epoch), TAKE_FAILED);
    other->release (other, 0);
    cr_assert_eq (other->take (other, 1, &epoch), TAKE_DONE);
    store->release (store, 0);
    cr_assert_eq (other->take (other, 0, &epoch), TAKE_DONE);
    cr_assert_eq (epoch, 2);
    store->destroy (&store);
    other->destroy (&other);
}

Test (store, an_owner_that_was_replaced_is_fenced)
{
    case_skip_unless (case_kind () == STORE_POSTGRES);
    store_t *old = case_open ();
    store_t *new = case_open ();
    rocket_view_t rocket = case_full_rocket (1, "mine");
    uint64_t old_epoch = case_take (old, 0);
    cr_assert_eq (s_save (old, 0, old_epoch, &rocket), SAVE_DONE);
    uint64_t new_epoch = case_take (new, 0);
    cr_assert_gt (new_epoch, old_epoch);
    cr_assert_eq (case_found->len, 1);
    rocket = case_full_rocket (2, "mine");
    cr_assert_eq (s_save (old, 0, old_epoch, &rocket), SAVE_FENCED);
    cr_assert_eq (s_save (old, 0, new_epoch, &rocket), SAVE_FENCED, "its writer is another");
    rocket = case_full_rocket (3, "mine");
    cr_assert_eq (s_save (new, 0, new_epoch, &rocket), SAVE_DONE);
    case_take (old, 0);
    cr_assert_eq (case_found->len, 1);
    s_expect_same (case_found->pdata[0], &rocket);
    old->destroy (&old);
    new->destroy (&new);
}

Test (store, texts_with_any_character_are_found_again)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    static const char all[] = "\0\1\0011\0010 \x7f\n\\'\"{},NULL \xf0\x9f\x9a\x80\1";
    rocket_view_t rocket = case_full_rocket (1, "any");
    rocket.type = text_of (all, sizeof all - 1);
    rocket.mission = text_of ("\0", 1);
    rocket.explosion_reason = text_of ("\1", 1);
    store_t *store = case_open ();
    uint64_t epoch = case_take (store, 0);
    cr_assert_eq (s_save (store, 0, epoch, &rocket), SAVE_DONE);
    store->destroy (&store);
    store = case_open ();
    case_take (store, 0);
    cr_assert_eq (case_found->len, 1);
    s_expect_same (case_found->pdata[0], &rocket);
    store->destroy (&store);
}

Test (store, a_released_load_can_begin_again)
{
    case_skip_unless (case_kind () == STORE_POSTGRES);
    rocket_view_t rocket = case_full_rocket (1, "again");
    store_t *store = case_open ();
    uint64_t epoch = case_take (store, 0);
    cr_assert_eq (s_save (store, 0, epoch, &rocket), SAVE_DONE);
    store->release (store, 0);
    (void) store->take (store, 0, &epoch);
    store->release (store, 0);
    (void) case_try_to_take (store, 1, &epoch);
    store->release (store, 1);
    case_take (store, 0);
    cr_assert_eq (case_found->len, 1);
    store->destroy (&store);
}

//  Save a rocket, change it or its partition behind the store's back, and expect a refusal. changes
//  are what follows UPDATE.
static void
s_expect_refusals (const char *const *changes, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        uint64_t epoch = 0;
        rocket_view_t rocket = case_full_rocket (1, "whole");
        store_t *store = case_open ();
        epoch = case_take (store, 0);
        cr_assert_eq (s_save (store, 0, epoch, &rocket), SAVE_DONE);
        store->destroy (&store);
        char *sql = g_strconcat ("UPDATE ", changes[index], NULL);
        case_change (sql);
        g_free (sql);
        store = case_open ();
        cr_assert_not (
            case_try_to_take (store, 0, &epoch) == TAKE_DONE && case_load (store, 0) == LOAD_DONE,
            "%s", changes[index]);
        store->destroy (&store);
        case_tear_down ();
        case_set_up ();
    }
}

Test (store, a_row_of_which_anything_was_changed_is_refused)
{
    static const char *const changes[] = {"rocket SET number = 2", "rocket SET number = 0",
        "rocket SET number = 1 << 32", "rocket SET id = 'x'", "rocket SET type = 'x'",
        "rocket SET type = NULL", "rocket SET speed = speed + 1", "rocket SET mission = NULL",
        "rocket SET status = 'flying'", "rocket SET status = 'odd'",
        "rocket SET explosion_reason = ''", "rocket SET last_message_number = 1",
        "rocket SET last_message_time_us = 1", "rocket SET messages_applied = 78",
        "rocket SET conflicts = 0", "rocket SET gaps_closed = 0", "rocket SET type_number = 0",
        "rocket SET mission_number = 0", "rocket SET explosion_number = 0", "rocket SET seen = x''",
        "rocket SET seen = substr (seen, 1, 17)", "rocket SET hashes = zeroblob (64)",
        "rocket SET hashes = x'00'", "rocket SET checksum = checksum + 1",
        "partition SET epoch = epoch - 1", "partition SET epoch = epoch + 1",
        "partition SET number = 3, checksum = 1", "partition SET checksum = 0"};
    case_skip_unless (case_kind () == STORE_SQLITE);
    s_expect_refusals (changes, G_N_ELEMENTS (changes));
}

Test (store, a_row_in_the_database_of_which_anything_was_changed_is_refused)
{
    static const char *const changes[] = {"downlink.rocket SET id = 'x'",
        "downlink.rocket SET type = 'x'", "downlink.rocket SET type = NULL",
        "downlink.rocket SET type = U&'\\0001'", "downlink.rocket SET type = U&'\\00012'",
        "downlink.rocket SET speed = speed + 1", "downlink.rocket SET mission = NULL",
        "downlink.rocket SET status = 'odd'", "downlink.rocket SET explosion_reason = ''",
        "downlink.rocket SET last_message_number = 1",
        "downlink.rocket SET last_message_time_us = 1", "downlink.rocket SET conflicts = 0",
        "downlink.rocket SET seen = ''", "downlink.rocket SET seen = substr (seen, 1, 17)",
        "downlink.rocket SET hashes = '\\x00'", "downlink.rocket SET checksum = checksum + 1"};
    case_skip_unless (case_kind () == STORE_POSTGRES);
    s_expect_refusals (changes, G_N_ELEMENTS (changes));
}
