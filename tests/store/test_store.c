//  The contract of a store, for the one that DOWNLINK_TEST_STORE names: epochs rise, a save is found
//  again exactly, an old epoch saves nothing, and damage is never shown. The memory store keeps
//  nothing, so it runs only the cases that need no second opening.
//
//  postgres: each case makes a database of its own (database.h).
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "processor/save/store.h"
#include "tests/store/database.h"

#define PARTITIONS 4

typedef enum { STORE_SQLITE, STORE_MEMORY, STORE_POSTGRES } kind_t;

static char *s_folder;
static const store_patience_t s_patience = {.stop_fd = -1};
static char *s_address;     //  postgres: of the database of this case
static GPtrArray *s_found;  //  of rocket_view_t *
static uint8_t s_writer;    //  the last byte of the next writer's id

static kind_t
s_kind (void)
{
    const char *name = g_getenv ("DOWNLINK_TEST_STORE");
    if (name && strcmp (name, "memory") == 0)
        return STORE_MEMORY;
    if (name && strcmp (name, "postgres") == 0)
        return STORE_POSTGRES;
    cr_assert (name == NULL || strcmp (name, "sqlite") == 0);
    return STORE_SQLITE;
}

//  Leave a case that is not for this store.
static void
s_skip_unless (bool is_for_this_store)
{
    if (!is_for_this_store)
        cr_skip ("not for this store");
}

//  Open the store under test with these traits. Return NULL if it refuses them.
static store_t *
s_try_to_open (state_traits_t *traits)
{
    uint8_t writer[PROCESSOR_ID_SIZE] = {[PROCESSOR_ID_SIZE - 1] = ++s_writer};
    if (s_kind () == STORE_MEMORY)
        return store_memory_new (traits);
    if (s_kind () == STORE_SQLITE)
        return store_sqlite_new (s_folder, traits);
    return store_postgres_new (s_address, writer, &s_patience, traits);
}

static store_t *
s_open (void)
{
    state_traits_t traits = {.partitions = PARTITIONS};
    store_t *store = s_try_to_open (&traits);
    cr_assert_not_null (store);
    cr_assert_eq (traits.partitions, PARTITIONS);
    return store;
}

static void
s_set_up (void)
{
    s_folder = g_dir_make_tmp ("downlink-XXXXXX", NULL);
    s_found = g_ptr_array_new_with_free_func (g_free);
    if (s_kind () == STORE_POSTGRES)
        s_address = database_make ();
}

static void
s_tear_down (void)
{
    if (s_address)
        database_drop (&s_address);
    GDir *directory = g_dir_open (s_folder, 0, NULL);
    const char *name;
    while (directory && (name = g_dir_read_name (directory))) {
        char *path = g_build_filename (s_folder, name, NULL);
        g_unlink (path);
        g_free (path);
    }
    g_dir_close (directory);
    g_rmdir (s_folder);
    g_free (s_folder);
    g_ptr_array_unref (s_found);
}

TestSuite (store, .init = s_set_up, .fini = s_tear_down);

static bool
s_find (void *context, const rocket_view_t *rocket)
{
    (void) context;
    g_ptr_array_add (s_found, rocket_view_copy (rocket));
    return true;
}

//  In pieces of seven rockets.
static load_t
s_load (store_t *store, uint32_t partition)
{
    load_t result;
    do
        result = store->load (store, partition, 7, s_find, NULL);
    while (result == LOAD_MORE || result == LOAD_LATER);
    return result;
}

//  Take a partition, and wait for a store that answers later.
static take_t
s_try_to_take (store_t *store, uint32_t partition, uint64_t *epoch)
{
    take_t result;
    while ((result = store->take (store, partition, epoch)) == TAKE_LATER)
        g_usleep (1000);
    return result;
}

static uint64_t
s_take (store_t *store, uint32_t partition)
{
    uint64_t epoch = 0;
    g_ptr_array_set_size (s_found, 0);
    cr_assert_eq (s_try_to_take (store, partition, &epoch), TAKE_DONE);
    cr_assert_eq (s_load (store, partition), LOAD_DONE);
    return epoch;
}

static number_range_t s_ranges[NUMBER_RANGES_MAX];

//  A rocket in which every member is something else; number makes it another one.
static rocket_view_t
s_full_rocket (uint64_t number, char *id)
{
    rocket_view_t view = {.id = text_from (id),
        .type = text_from ("Falcon-9"),
        .mission = text_from (""),
        .explosion_reason = text_from ("\xf0\x9f\x9a\x80 'quoted' \"reason\""),
        .speed = INT64_MIN + (int64_t) number,
        .status = ROCKET_EXPLODED,
        .last_number = (UINT64_C (1) << 53) - 1,
        .last_time_us = -62167219200000000 + (int64_t) number,
        .applied = 77,
        .conflicts = UINT32_MAX,
        .gaps_closed = 3,
        .type_number = 5,
        .mission_number = 6,
        .explosion_number = 7,
        .seen = s_ranges,
        .seen_count = NUMBER_RANGES_MAX};
    for (uint64_t index = 0; index < NUMBER_RANGES_MAX; index++)
        s_ranges[index] = (number_range_t){3 * index + 1, 3 * index + 2};
    for (uint32_t index = 0; index < ROCKET_HASHES; index++)
        view.hashes[index] = UINT32_MAX - index;
    return view;
}

static void
s_expect_text (text_t found, text_t wanted)
{
    cr_assert_eq (found.data == NULL, wanted.data == NULL);
    cr_assert (text_equal (found, wanted));
}

static void
s_expect_same (const rocket_view_t *found, const rocket_view_t *wanted)
{
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
    return store->save (store, (owned_t){partition, epoch}, &rocket, 1);
}

Test (store, every_taking_raises_the_epoch_of_that_partition)
{
    s_skip_unless (s_kind () != STORE_MEMORY);
    for (uint64_t epoch = 1; epoch <= 3; epoch++) {
        store_t *store = s_open ();
        cr_assert_eq (s_take (store, 2), epoch);
        store->destroy (&store);
    }
    store_t *store = s_open ();
    cr_assert_eq (s_take (store, 3), 1);
    store->destroy (&store);
}

Test (store, what_was_saved_is_found_again_exactly)
{
    s_skip_unless (s_kind () != STORE_MEMORY);
    rocket_view_t full = s_full_rocket (1, "full");
    rocket_view_t bare = {.id = text_from ("bare"), .last_number = 1, .applied = 1};
    store_t *store = s_open ();
    uint64_t epoch = s_take (store, 1);
    rocket_view_t *both[] = {&full, &bare};
    cr_assert_eq (store->save (store, (owned_t){1, epoch}, both, 2), SAVE_DONE);
    store->destroy (&store);
    store = s_open ();
    s_take (store, 1);
    cr_assert_eq (s_found->len, 2);
    const rocket_view_t *first = s_found->pdata[0];
    bool is_bare_first = first->id.data[0] == 'b';
    s_expect_same (s_found->pdata[is_bare_first ? 1 : 0], &full);
    s_expect_same (s_found->pdata[is_bare_first ? 0 : 1], &bare);
    s_take (store, 0);
    cr_assert_eq (s_found->len, 0);
    store->destroy (&store);
}

Test (store, a_later_save_replaces_the_earlier)
{
    s_skip_unless (s_kind () != STORE_MEMORY);
    store_t *store = s_open ();
    uint64_t epoch = s_take (store, 0);
    rocket_view_t rocket = s_full_rocket (1, "again");
    cr_assert_eq (s_save (store, 0, epoch, &rocket), SAVE_DONE);
    rocket = s_full_rocket (2, "again");
    rocket.explosion_reason = (text_t){0};
    cr_assert_eq (s_save (store, 0, epoch, &rocket), SAVE_DONE);
    store->destroy (&store);
    store = s_open ();
    s_take (store, 0);
    cr_assert_eq (s_found->len, 1);
    s_expect_same (s_found->pdata[0], &rocket);
    store->destroy (&store);
}

Test (store, a_save_under_another_epoch_changes_nothing)
{
    s_skip_unless (s_kind () != STORE_MEMORY);
    store_t *store = s_open ();
    uint64_t epoch = s_take (store, 0);
    rocket_view_t rocket = s_full_rocket (1, "late");
    cr_assert_eq (s_save (store, 0, epoch - 1, &rocket), SAVE_FENCED);
    cr_assert_eq (s_save (store, 0, epoch + 1, &rocket), SAVE_FENCED);
    store->destroy (&store);
    store = s_open ();
    s_take (store, 0);
    cr_assert_eq (s_found->len, 0);
    store->destroy (&store);
}

//  A gateway tells by the epoch that a processor has lost the frames that it had taken in.
Test (store, a_processor_takes_no_epoch_twice_even_if_a_failover_takes_it_back)
{
    s_skip_unless (s_kind () == STORE_POSTGRES);
    store_t *store = s_open ();
    uint64_t first = s_take (store, 0);
    store->release (store, 0);
    database_execute (s_address, "UPDATE downlink.partition SET epoch = epoch - 1");
    cr_assert_gt (s_take (store, 0), first);
    store->destroy (&store);
}

Test (store, an_empty_save_is_a_save)
{
    store_t *store = s_open ();
    uint64_t epoch = s_take (store, 0);
    cr_assert_eq (store->save (store, (owned_t){0, epoch}, NULL, 0), SAVE_DONE);
    store->destroy (&store);
}

Test (store, many_rockets_are_found_again)
{
    s_skip_unless (s_kind () != STORE_MEMORY);
    char ids[2000][16];
    rocket_view_t rockets[2000];
    rocket_view_t *pointers[2000];
    for (size_t index = 0; index < 2000; index++) {
        g_snprintf (ids[index], sizeof ids[index], "r%zu", index);
        rockets[index] = (rocket_view_t){
            .id = text_from (ids[index]), .speed = (int64_t) index, .last_number = 1, .applied = 1};
        pointers[index] = &rockets[index];
    }
    store_t *store = s_open ();
    uint64_t epoch = s_take (store, 0);
    cr_assert_eq (store->save (store, (owned_t){0, epoch}, pointers, 2000), SAVE_DONE);
    store->destroy (&store);
    store = s_open ();
    s_take (store, 0);
    int64_t sum = 0;
    for (guint index = 0; index < s_found->len; index++)
        sum += ((const rocket_view_t *) s_found->pdata[index])->speed;
    cr_assert_eq (s_found->len, 2000);
    cr_assert_eq (sum, 1999 * 1000);
    store->destroy (&store);
}

Test (store, what_belongs_to_a_state_is_kept)
{
    s_skip_unless (s_kind () != STORE_MEMORY);
    state_traits_t made = {.partitions = PARTITIONS, .ordering = ORDERING_LATEST};
    state_traits_t found = {.partitions = 99, .ordering = ORDERING_LATEST};
    store_t *store = s_try_to_open (&made);
    store->destroy (&store);
    store = s_try_to_open (&found);
    cr_assert_eq (found.partitions, PARTITIONS);
    cr_assert (state_id_is_known (&found.id));
    cr_assert (state_id_equal (&found.id, &made.id));
    store->destroy (&store);
}

Test (store, another_ordering_is_refused)
{
    s_skip_unless (s_kind () != STORE_MEMORY);
    state_traits_t made = {.partitions = PARTITIONS, .ordering = ORDERING_LATEST};
    state_traits_t other = {.partitions = PARTITIONS, .ordering = ORDERING_CONVERGE};
    store_t *store = s_try_to_open (&made);
    store->destroy (&store);
    cr_assert_null (s_try_to_open (&other));
}

Test (store, a_state_without_an_identity_gets_one_and_the_ordering)
{
    s_skip_unless (s_kind () == STORE_SQLITE);
    store_t *store = s_open ();
    store->destroy (&store);
    char *path = g_build_filename (s_folder, "identity", NULL);
    cr_assert_eq (g_unlink (path), 0);
    state_traits_t latest = {.partitions = PARTITIONS, .ordering = ORDERING_LATEST};
    store = store_sqlite_new (s_folder, &latest);
    cr_assert (state_id_is_known (&latest.id));
    store->destroy (&store);
    state_traits_t converge = {.partitions = PARTITIONS};
    cr_assert_null (store_sqlite_new (s_folder, &converge));
    cr_assert (g_file_set_contents (path, "uuid nonsense\nordering latest\n", -1, NULL));
    cr_assert_null (store_sqlite_new (s_folder, &latest), "a damaged one is refused");
    g_free (path);
}

Test (store, a_partition_has_one_owner_at_a_time)
{
    s_skip_unless (s_kind () == STORE_SQLITE);
    store_t *store = s_open ();
    store_t *other = s_open ();
    uint64_t epoch = 0;
    s_take (store, 0);
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
    s_skip_unless (s_kind () == STORE_POSTGRES);
    store_t *old = s_open ();
    store_t *new = s_open ();
    rocket_view_t rocket = s_full_rocket (1, "mine");
    uint64_t old_epoch = s_take (old, 0);
    cr_assert_eq (s_save (old, 0, old_epoch, &rocket), SAVE_DONE);
    uint64_t new_epoch = s_take (new, 0);
    cr_assert_gt (new_epoch, old_epoch);
    cr_assert_eq (s_found->len, 1);
    rocket = s_full_rocket (2, "mine");
    cr_assert_eq (s_save (old, 0, old_epoch, &rocket), SAVE_FENCED);
    cr_assert_eq (s_save (old, 0, new_epoch, &rocket), SAVE_FENCED, "its writer is another");
    rocket = s_full_rocket (3, "mine");
    cr_assert_eq (s_save (new, 0, new_epoch, &rocket), SAVE_DONE);
    s_take (old, 0);
    cr_assert_eq (s_found->len, 1);
    s_expect_same (s_found->pdata[0], &rocket);
    old->destroy (&old);
    new->destroy (&new);
}

Test (store, texts_with_any_character_are_found_again)
{
    s_skip_unless (s_kind () != STORE_MEMORY);
    static const char all[] = "\0\1\0011\0010 \x7f\n\\'\"{},NULL \xf0\x9f\x9a\x80\1";
    rocket_view_t rocket = s_full_rocket (1, "any");
    rocket.type = text_of (all, sizeof all - 1);
    rocket.mission = text_of ("\0", 1);
    rocket.explosion_reason = text_of ("\1", 1);
    store_t *store = s_open ();
    uint64_t epoch = s_take (store, 0);
    cr_assert_eq (s_save (store, 0, epoch, &rocket), SAVE_DONE);
    store->destroy (&store);
    store = s_open ();
    s_take (store, 0);
    cr_assert_eq (s_found->len, 1);
    s_expect_same (s_found->pdata[0], &rocket);
    store->destroy (&store);
}

Test (store, a_released_load_can_begin_again)
{
    s_skip_unless (s_kind () == STORE_POSTGRES);
    rocket_view_t rocket = s_full_rocket (1, "again");
    store_t *store = s_open ();
    uint64_t epoch = s_take (store, 0);
    cr_assert_eq (s_save (store, 0, epoch, &rocket), SAVE_DONE);
    store->release (store, 0);
    (void) store->take (store, 0, &epoch);
    store->release (store, 0);
    (void) s_try_to_take (store, 1, &epoch);
    store->release (store, 1);
    s_take (store, 0);
    cr_assert_eq (s_found->len, 1);
    store->destroy (&store);
}

static void
s_change (const char *sql)
{
    if (s_kind () == STORE_POSTGRES) {
        database_execute (s_address, sql);
        return;
    }
    char *path = g_build_filename (s_folder, "partition-0000.sqlite", NULL);
    sqlite3 *database = NULL;
    cr_assert_eq (sqlite3_open (path, &database), SQLITE_OK);
    cr_assert_eq (sqlite3_exec (database, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
        sqlite3_errmsg (database));
    sqlite3_close (database);
    g_free (path);
}

//  Save a rocket, change it or its partition behind the store's back, and expect a refusal. changes
//  are what follows UPDATE.
static void
s_expect_refusals (const char *const *changes, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        uint64_t epoch = 0;
        rocket_view_t rocket = s_full_rocket (1, "whole");
        store_t *store = s_open ();
        epoch = s_take (store, 0);
        cr_assert_eq (s_save (store, 0, epoch, &rocket), SAVE_DONE);
        store->destroy (&store);
        char *sql = g_strconcat ("UPDATE ", changes[index], NULL);
        s_change (sql);
        g_free (sql);
        store = s_open ();
        cr_assert_not (
            s_try_to_take (store, 0, &epoch) == TAKE_DONE && s_load (store, 0) == LOAD_DONE, "%s",
            changes[index]);
        store->destroy (&store);
        s_tear_down ();
        s_set_up ();
    }
}

Test (store, a_row_of_which_anything_was_changed_is_refused)
{
    static const char *const changes[] = {"rocket SET id = 'x'", "rocket SET type = 'x'",
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
    s_skip_unless (s_kind () == STORE_SQLITE);
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
    s_skip_unless (s_kind () == STORE_POSTGRES);
    s_expect_refusals (changes, G_N_ELEMENTS (changes));
}
