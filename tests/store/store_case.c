//  SPDX-License-Identifier: Apache-2.0
#include "tests/store/store_case.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "tests/store/database.h"

char *case_folder;
static const patience_t s_patience = {.stop_fd = -1};
char *case_address;
GPtrArray *case_found;
static uint8_t s_writer;  //  the last byte of the next writer's id

kind_t
case_kind (void)
{
    const char *name = g_getenv ("DOWNLINK_TEST_STORE");
    if (name && strcmp (name, "memory") == 0)
        return STORE_MEMORY;
    if (name && strcmp (name, "postgres") == 0)
        return STORE_POSTGRES;
    cr_assert (name == NULL || strcmp (name, "sqlite") == 0);
    return STORE_SQLITE;
}

void
case_skip_unless (bool is_for_this_store)
{
    if (!is_for_this_store)
        cr_skip ("not for this store");
}

store_t *
case_try_to_open (state_traits_t *traits)
{
    uint8_t writer[PROCESSOR_ID_SIZE] = {[PROCESSOR_ID_SIZE - 1] = ++s_writer};
    if (case_kind () == STORE_MEMORY)
        return store_memory_new (traits);
    if (case_kind () == STORE_SQLITE)
        return store_sqlite_new (case_folder, traits);
    return store_postgres_new (case_address, writer, &s_patience, traits);
}

store_t *
case_open (void)
{
    state_traits_t traits = {.partitions = PARTITIONS};
    store_t *store = case_try_to_open (&traits);
    cr_assert_not_null (store);
    cr_assert_eq (traits.partitions, PARTITIONS);
    return store;
}

void
case_set_up (void)
{
    case_folder = g_dir_make_tmp ("downlink-XXXXXX", NULL);
    case_found = g_ptr_array_new_with_free_func (g_free);
    if (case_kind () == STORE_POSTGRES)
        case_address = database_make ();
}

void
case_tear_down (void)
{
    if (case_address)
        database_drop (&case_address);
    GDir *directory = g_dir_open (case_folder, 0, NULL);
    const char *name;
    while (directory && (name = g_dir_read_name (directory))) {
        char *path = g_build_filename (case_folder, name, NULL);
        g_unlink (path);
        g_free (path);
    }
    g_dir_close (directory);
    g_rmdir (case_folder);
    g_free (case_folder);
    g_ptr_array_unref (case_found);
}

static bool
s_find (void *context, const rocket_view_t *rocket)
{
    (void) context;
    g_ptr_array_add (case_found, rocket_view_copy (rocket));
    return true;
}

//  In pieces of seven rockets.
load_t
case_load (store_t *store, uint32_t partition)
{
    load_t result;
    do
        result = store->load (store, partition, 7, s_find, NULL);
    while (result == LOAD_MORE || result == LOAD_LATER);
    return result;
}

take_t
case_try_to_take (store_t *store, uint32_t partition, uint64_t *epoch)
{
    take_t result;
    while ((result = store->take (store, partition, epoch)) == TAKE_LATER)
        g_usleep (1000);
    return result;
}

uint64_t
case_take (store_t *store, uint32_t partition)
{
    uint64_t epoch = 0;
    g_ptr_array_set_size (case_found, 0);
    cr_assert_eq (case_try_to_take (store, partition, &epoch), TAKE_DONE);
    cr_assert_eq (case_load (store, partition), LOAD_DONE);
    return epoch;
}

static number_range_t s_ranges[NUMBER_RANGES_MAX];

rocket_view_t
case_full_rocket (uint64_t number, char *id)
{
    rocket_view_t view = {.row = 1,
        .id = text_from (id),
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

void
case_make_former (int format)
{
    static const char former[] =
        "CREATE TABLE former (id TEXT PRIMARY KEY, type TEXT, speed INTEGER NOT NULL, mission TEXT,"
        " status TEXT NOT NULL, explosion_reason TEXT, last_message_number INTEGER NOT NULL,"
        " last_message_time_us INTEGER NOT NULL, messages_applied INTEGER NOT NULL,"
        " conflicts INTEGER NOT NULL, gaps_closed INTEGER NOT NULL, type_number INTEGER NOT NULL,"
        " mission_number INTEGER NOT NULL, explosion_number INTEGER NOT NULL, seen BLOB NOT NULL,"
        " hashes BLOB NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;"
        "INSERT INTO former SELECT id, type, speed, mission, status, explosion_reason,"
        " last_message_number, last_message_time_us, messages_applied, conflicts, gaps_closed,"
        " type_number, mission_number, explosion_number, seen, hashes,"
        " (checksum | number) - (checksum & number) FROM rocket;"
        "DROP TABLE rocket; ALTER TABLE former RENAME TO rocket; PRAGMA user_version = 2";
    case_change (former);
    if (format == 1)
        case_change ("ALTER TABLE partition DROP feed; ALTER TABLE partition DROP feed_offset;"
                     "PRAGMA user_version = 1");
}

void
case_change (const char *sql)
{
    if (case_kind () == STORE_POSTGRES) {
        database_execute (case_address, sql);
        return;
    }
    char *path = g_build_filename (case_folder, "partition-0000.sqlite", NULL);
    sqlite3 *database = NULL;
    cr_assert_eq (sqlite3_open (path, &database), SQLITE_OK);
    cr_assert_eq (sqlite3_exec (database, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
        sqlite3_errmsg (database));
    sqlite3_close (database);
    g_free (path);
}
