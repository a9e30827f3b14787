//  The contract of a store, further: the position of a partition is saved with its rockets, stays
//  until the next one, and never goes back.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "tests/store/database.h"
#include "tests/store/store_case.h"

static const position_t s_first = {.offset = 0, .feed = {1, 2, 3, 0, 255}};
static const position_t s_later = {.offset = INT64_MAX, .feed = {9}};

TestSuite (positions, .init = case_set_up, .fini = case_tear_down);

static save_t
s_save (store_t *store, owned_t owned, const position_t *position)
{
    rocket_view_t rocket = case_full_rocket (1, "rocket");
    rocket_view_t *rockets = &rocket;
    return store->save (store, owned, &rockets, 1, position);
}

//  Close the store, open it again, and expect a position of partition 0; NULL: none.
static owned_t
s_expect (store_t **store_p, const position_t *wanted)
{
    position_t found;
    (*store_p)->destroy (store_p);
    *store_p = case_open ();
    owned_t owned = {.epoch = case_take (*store_p, 0)};
    cr_assert_eq ((*store_p)->position (*store_p, 0, &found), wanted != NULL);
    if (wanted) {
        cr_assert_eq (found.offset, wanted->offset);
        cr_assert_arr_eq (found.feed, wanted->feed, POSITION_FEED_SIZE);
    }
    return owned;
}

Test (positions, a_new_partition_has_none)
{
    position_t position;
    store_t *store = case_open ();
    case_take (store, 0);
    cr_assert_not (store->position (store, 0, &position));
    store->destroy (&store);
}

Test (positions, a_save_may_have_one_in_every_store)
{
    store_t *store = case_open ();
    owned_t owned = {.epoch = case_take (store, 0)};
    cr_assert_eq (s_save (store, owned, &s_first), SAVE_DONE);
    cr_assert_eq (store->save (store, owned, NULL, 0, &s_later), SAVE_DONE);
    store->destroy (&store);
}

Test (positions, what_was_saved_is_found_again_and_stays_until_the_next)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    store_t *store = case_open ();
    owned_t owned = s_expect (&store, NULL);
    cr_assert_eq (s_save (store, owned, NULL), SAVE_DONE);
    owned = s_expect (&store, NULL);
    cr_assert_eq (s_save (store, owned, &s_first), SAVE_DONE);
    owned = s_expect (&store, &s_first);
    cr_assert_eq (s_save (store, owned, NULL), SAVE_DONE);
    owned = s_expect (&store, &s_first);
    cr_assert_eq (s_save (store, owned, &s_later), SAVE_DONE);
    s_expect (&store, &s_later);
    position_t other;
    case_take (store, 1);
    cr_assert_not (store->position (store, 1, &other), "each partition has its own");
    store->destroy (&store);
}

Test (positions, a_position_alone_is_saved)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    store_t *store = case_open ();
    owned_t owned = s_expect (&store, NULL);
    cr_assert_eq (store->save (store, owned, NULL, 0, &s_first), SAVE_DONE);
    s_expect (&store, &s_first);
    cr_assert_eq (case_found->len, 0);
    store->destroy (&store);
}

//  The owner goes back as if an operator had made the topic again.
Test (positions, an_owner_may_go_back)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    store_t *store = case_open ();
    owned_t owned = s_expect (&store, NULL);
    cr_assert_eq (s_save (store, owned, &s_later), SAVE_DONE);
    cr_assert_eq (s_save (store, owned, &s_first), SAVE_DONE);
    s_expect (&store, &s_first);
    store->destroy (&store);
}

Test (positions, a_save_under_another_epoch_leaves_it)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    store_t *store = case_open ();
    owned_t owned = s_expect (&store, NULL);
    cr_assert_eq (s_save (store, owned, &s_later), SAVE_DONE);
    owned.epoch--;
    cr_assert_eq (s_save (store, owned, &s_first), SAVE_FENCED);
    s_expect (&store, &s_later);
    store->destroy (&store);
}

Test (positions, a_save_that_comes_late_leaves_it)
{
    case_skip_unless (case_kind () == STORE_POSTGRES);
    store_t *store = case_open ();
    owned_t owned = s_expect (&store, NULL);
    cr_assert_eq (s_save (store, owned, &s_later), SAVE_DONE);
    database_execute (case_address, "UPDATE downlink.partition SET position = position + 1");
    cr_assert_eq (s_save (store, owned, &s_first), SAVE_FENCED, "later saves are done already");
    s_expect (&store, &s_later);
    store->destroy (&store);
}

//  The server refuses the last rocket, in the last of several pieces.
Test (positions, a_save_that_ends_in_the_middle_leaves_it)
{
    enum { COUNT = 400 };
    static rocket_view_t rockets[COUNT];
    static rocket_view_t *pointers[COUNT];
    static char ids[COUNT][8];
    case_skip_unless (case_kind () == STORE_POSTGRES);
    store_t *store = case_open ();
    owned_t owned = s_expect (&store, NULL);
    database_execute (
        case_address, "ALTER TABLE downlink.rocket ADD CONSTRAINT no_last CHECK (id <> 'r399')");
    for (size_t index = 0; index < COUNT; index++) {
        g_snprintf (ids[index], sizeof ids[index], "r%zu", index);
        rockets[index] = case_full_rocket (1, ids[index]);
        rockets[index].row = (uint32_t) index + 1;
        pointers[index] = &rockets[index];
    }
    cr_assert_eq (store->save (store, owned, pointers, COUNT, &s_first), SAVE_FAILED);
    s_expect (&store, NULL);
    cr_assert_gt (case_found->len, 0, "the first piece was saved");
    database_execute (case_address, "ALTER TABLE downlink.rocket DROP CONSTRAINT no_last");
    owned = s_expect (&store, NULL);
    cr_assert_eq (store->save (store, owned, pointers, COUNT, &s_first), SAVE_DONE);
    s_expect (&store, &s_first);
    cr_assert_eq (case_found->len, COUNT);
    store->destroy (&store);
}

Test (positions, a_state_of_the_format_before_has_none_and_gets_one)
{
    case_skip_unless (case_kind () != STORE_MEMORY);
    store_t *store = case_open ();
    owned_t owned = s_expect (&store, NULL);
    cr_assert_eq (s_save (store, owned, NULL), SAVE_DONE);
    store->destroy (&store);
    if (case_kind () == STORE_POSTGRES)
        case_change ("ALTER TABLE downlink.partition DROP feed, DROP feed_offset;"
                     "ALTER TABLE downlink.state DROP partitioner;"
                     "UPDATE downlink.state SET format = 1");
    else
        case_make_former (1);
    store = case_open ();
    owned = s_expect (&store, NULL);
    cr_assert_eq (case_found->len, 1);
    cr_assert_eq (s_save (store, owned, &s_first), SAVE_DONE);
    s_expect (&store, &s_first);
    store->destroy (&store);
}

Test (positions, a_position_that_was_changed_is_refused)
{
    static const char *const changes[] = {"feed = NULL", "feed = x'00'", "feed = zeroblob (16)",
        "feed_offset = feed_offset - 1", "feed_offset = NULL", "feed = NULL, feed_offset = NULL"};
    case_skip_unless (case_kind () == STORE_SQLITE);
    for (size_t index = 0; index < G_N_ELEMENTS (changes); index++) {
        store_t *store = case_open ();
        owned_t owned = s_expect (&store, NULL);
        cr_assert_eq (s_save (store, owned, &s_first), SAVE_DONE);
        store->destroy (&store);
        char *sql = g_strconcat ("UPDATE partition SET ", changes[index], NULL);
        case_change (sql);
        g_free (sql);
        store = case_open ();
        cr_assert_eq (case_try_to_take (store, 0, &owned.epoch), TAKE_FAILED, "%s", changes[index]);
        store->destroy (&store);
        case_tear_down ();
        case_set_up ();
    }
}
