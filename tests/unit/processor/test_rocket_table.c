//  Rockets are found by id and keep their places while others come.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <time.h>

#include "common/text/text_hash.h"
#include "processor/shard/rocket_table.h"

#define TURNS 5

Test (rocket_table, every_rocket_is_found_and_stays_at_its_place)
{
    text_pool_t *pool = text_pool_new ();
    rocket_table_t *table = rocket_table_new ();
    char id[32];
    cr_expect_null (rocket_table_find (table, text_from ("none")));
    for (size_t count = 0; count < 20000; count++) {
        g_snprintf (id, sizeof id, "rocket-%zu", count);
        cr_assert_null (rocket_table_find (table, text_from (id)));
        rocket_t *rocket = rocket_new (text_from (id));
        rocket_table_add (table, rocket);
        cr_assert_eq (rocket_table_size (table), count + 1);
        cr_assert_eq (rocket_table_find (table, text_from (id)), rocket);
    }
    for (size_t place = 0; place < rocket_table_size (table); place++) {
        g_snprintf (id, sizeof id, "rocket-%zu", place);
        cr_assert_eq (rocket_table_at (table, place), rocket_table_find (table, text_from (id)));
        cr_assert (text_equal (rocket_id (rocket_table_at (table, place)), text_from (id)));
    }
    rocket_table_destroy (&table, pool);
    text_pool_destroy (&pool);
}

//  Against a plain set: rockets come and go in any order, and every place is used again.
Test (rocket_table, rockets_that_are_removed_are_gone_and_the_others_are_found)
{
    enum { IDS = 3000, STEPS = 60000 };
    text_pool_t *pool = text_pool_new ();
    rocket_table_t *table = rocket_table_new ();
    rocket_t *known[IDS] = {NULL};
    GRand *random = g_rand_new_with_seed (7);
    char id[32];
    size_t count = 0;
    for (size_t step = 0; step < STEPS; step++) {
        size_t number = (size_t) g_rand_int_range (random, 0, IDS);
        g_snprintf (id, sizeof id, "rocket-%zu", number);
        cr_assert_eq (rocket_table_find (table, text_from (id)), known[number]);
        if (known[number]) {
            rocket_table_remove (table, known[number], pool);
            known[number] = NULL;
            count--;
        }
        else {
            known[number] = rocket_new (text_from (id));
            rocket_table_add (table, known[number]);
            count++;
        }
    }
    size_t found = 0;
    for (size_t place = 0; place < rocket_table_size (table); place++)
        found += rocket_table_at (table, place) != NULL;
    cr_expect_eq (found, count);
    cr_expect_leq (rocket_table_size (table), IDS);
    for (size_t number = 0; number < IDS; number++) {
        g_snprintf (id, sizeof id, "rocket-%zu", number);
        cr_assert_eq (rocket_table_find (table, text_from (id)), known[number]);
    }
    g_rand_free (random);
    rocket_table_destroy (&table, pool);
    text_pool_destroy (&pool);
}

//  As after a start: the places follow from rows, and those between are used again.
Test (rocket_table, rockets_get_the_places_that_they_had)
{
    static const size_t places[] = {0, 1, 7, 8, 50};
    text_pool_t *pool = text_pool_new ();
    rocket_table_t *table = rocket_table_new ();
    char id[32];
    for (size_t index = 0; index < G_N_ELEMENTS (places); index++) {
        g_snprintf (id, sizeof id, "%zu", places[index]);
        rocket_t *rocket = rocket_new (text_from (id));
        cr_assert (rocket_table_add_at (table, rocket, places[index]));
        cr_assert_eq (rocket_table_find (table, text_from (id)), rocket);
        cr_assert_eq (rocket_table_place (table, rocket), places[index]);
    }
    rocket_t *late = rocket_new (text_from ("late"));
    cr_assert_not (rocket_table_add_at (table, late, 50), "it is taken");
    cr_assert_not (rocket_table_add_at (table, late, 20), "it is before the last one");
    cr_assert_not (rocket_table_add_at (table, late, UINT32_MAX), "there is no such place");
    rocket_destroy (&late, pool);
    cr_assert_eq (rocket_table_size (table), 51);
    for (size_t count = 0; count < 51 - G_N_ELEMENTS (places); count++) {
        g_snprintf (id, sizeof id, "new %zu", count);
        rocket_table_add (table, rocket_new (text_from (id)));
    }
    cr_assert_eq (rocket_table_size (table), 51);
    for (size_t place = 0; place < 51; place++)
        cr_assert_eq (rocket_table_place (table, rocket_table_at (table, place)), place);
    rocket_table_destroy (&table, pool);
    text_pool_destroy (&pool);
}

//  Return true if an id is one that a client could choose so that the hashes of all are alike, if
//  the table used the hash of the protocol.
static bool
s_is_alike (const char *id)
{
    uint64_t hash = text_hash (text_from (id));
    return (uint32_t) (hash ^ hash >> 32) < UINT32_MAX / 256;
}

//  Add rockets to a table, and return the time of the processor that this takes.
static clock_t
s_time_of_adding (bool is_alike)
{
    enum { ROCKETS = 16000 };
    text_pool_t *pool = text_pool_new ();
    rocket_table_t *table = rocket_table_new ();
    clock_t taken = 0;
    char id[32];
    for (size_t number = 0; rocket_table_size (table) < ROCKETS; number++) {
        g_snprintf (id, sizeof id, "rocket-%zu", number);
        if (is_alike && !s_is_alike (id))
            continue;
        rocket_t *rocket = rocket_new (text_from (id));
        clock_t begun = clock ();
        cr_assert_null (rocket_table_find (table, text_from (id)));
        rocket_table_add (table, rocket);
        taken += clock () - begun;
    }
    rocket_table_destroy (&table, pool);
    text_pool_destroy (&pool);
    return taken;
}

//  Other programs on the machine can slow some turns down, but hardly all.
Test (rocket_table, a_client_that_chooses_the_ids_slows_no_search_down)
{
    bool is_quick = false;
    for (int turn = 0; turn < TURNS && !is_quick; turn++) {
        clock_t others = s_time_of_adding (false);
        is_quick = s_time_of_adding (true) < 4 * others + CLOCKS_PER_SEC / 50;
    }
    cr_expect (is_quick);
}
