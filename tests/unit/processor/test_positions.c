//  The promise of positions: with folds, saves in pieces and failures in any order, the stored
//  position is never ahead of the stored rockets, and reaches the end.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "processor/shard/shard.h"

#define ROCKETS 5
#define STEPS 400
#define SEEDS 60
#define ALL UINT_MAX

static shard_t *s_shard;
static acks_t *s_acks;

//  A feed: the record at an offset is the next message of a rocket.
static uint64_t s_numbers[ROCKETS];            //  the last number of each rocket in the feed
static uint64_t s_needed[STEPS + 1][ROCKETS];  //  the numbers before each offset
static int64_t s_next;                         //  offset of the next record
static uint64_t s_stored[ROCKETS];             //  the last number of each rocket in the store
static int64_t s_stored_offset;                //  0: none

static void
s_set_up (void)
{
    s_shard = shard_new ((owned_t){0, 1}, ORDERING_CONVERGE);
    s_acks = acks_new ();
    memset (s_numbers, 0, sizeof s_numbers);
    memset (s_stored, 0, sizeof s_stored);
    s_next = s_stored_offset = 0;
}

static void
s_tear_down (void)
{
    shard_destroy (&s_shard);
    acks_destroy (&s_acks);
}

TestSuite (positions, .init = s_set_up, .fini = s_tear_down);

static position_t
s_at (int64_t offset)
{
    return (position_t){.offset = offset, .feed = {7}};
}

//  Fold a message of a rocket, and move the position behind it.
static void
s_fold (unsigned rocket)
{
    char id[] = {(char) ('a' + rocket), 0};
    message_t message = {.channel = text_from (id),
        .number = ++s_numbers[rocket],
        .time_us = 1643827145863370,
        .kind = MESSAGE_SPED_UP,
        .speed = 1};
    (void) shard_fold (s_shard, &message);
    memcpy (s_needed[++s_next], s_numbers, sizeof s_numbers);
    position_t position = s_at (s_next);
    changes_set_position (shard_changes (s_shard), &position);
}

//  A save on its way.
typedef struct {
    GPtrArray *changes;
    bool has_position;
    position_t position;
} save_on_way_t;

static save_on_way_t
s_take (guint most)
{
    save_on_way_t save = {.changes = changes_take (shard_changes (s_shard), most)};
    save.has_position = changes_take_position (shard_changes (s_shard), &save.position);
    return save;
}

//  Store the taken rockets in one transaction, and check the promise.
static void
s_store (const save_on_way_t *save)
{
    for (guint index = 0; index < save->changes->len; index++) {
        const rocket_view_t *view = save->changes->pdata[index];
        s_stored[view->id.data[0] - 'a'] = view->last_number;
    }
    if (save->has_position)
        s_stored_offset = save->position.offset;
    for (unsigned rocket = 0; rocket < ROCKETS; rocket++)
        cr_assert_geq (s_stored[rocket], s_needed[s_stored_offset][rocket],
            "the position %lld is ahead of a rocket", (long long) s_stored_offset);
}

//  End a save: it is stored and the shard hears of it; it is stored and the shard hears that it
//  failed, as when the link to a database broke; or it failed.
static void
s_end (const save_on_way_t *save, unsigned outcome)
{
    if (outcome != 2)
        s_store (save);
    if (outcome == 0)
        changes_end_save (shard_changes (s_shard), s_acks);
    else
        changes_put_back (shard_changes (s_shard));
    g_ptr_array_unref (save->changes);
}

static bool
s_is_all_saved (void)
{
    return changes_are_none (shard_changes (s_shard)) &&
           !changes_have_moved (shard_changes (s_shard));
}

Test (positions, are_never_ahead_of_the_rockets_and_reach_the_end)
{
    for (guint32 seed = 1; seed <= SEEDS; seed++) {
        GRand *random = g_rand_new_with_seed (seed);
        while (s_next < STEPS) {
            if (g_rand_int_range (random, 0, 3) > 0) {
                s_fold ((unsigned) g_rand_int_range (random, 0, ROCKETS));
                continue;
            }
            save_on_way_t save = s_take ((guint) g_rand_int_range (random, 1, 4));
            for (int late = g_rand_int_range (random, 0, 3); late > 0 && s_next < STEPS; late--)
                s_fold ((unsigned) g_rand_int_range (random, 0, ROCKETS));
            s_end (&save, (unsigned) g_rand_int_range (random, 0, 3));
        }
        for (int turn = 0; !s_is_all_saved (); turn++) {
            cr_assert_lt (turn, STEPS, "the saves come to no end");
            save_on_way_t save = s_take (2);
            s_end (&save, 0);
        }
        cr_assert_eq (s_stored_offset, s_next);
        g_rand_free (random);
        s_tear_down ();
        s_set_up ();
    }
}

Test (positions, move_without_a_changed_rocket)
{
    position_t position = s_at (40);
    changes_restore_position (shard_changes (s_shard), &position);
    cr_assert (s_is_all_saved (), "it is the stored one");
    position.offset = 43;
    changes_set_position (shard_changes (s_shard), &position);
    cr_assert (changes_are_none (shard_changes (s_shard)));
    cr_assert (changes_have_moved (shard_changes (s_shard)));
    save_on_way_t save = s_take (ALL);
    cr_assert (save.has_position);
    cr_assert_eq (save.changes->len, 0);
    cr_assert_eq (save.position.offset, 43);
    changes_end_save (shard_changes (s_shard), s_acks);
    g_ptr_array_unref (save.changes);
    cr_assert (s_is_all_saved ());
}

Test (positions, are_stored_only_with_the_last_piece)
{
    for (unsigned rocket = 0; rocket < ROCKETS; rocket++)
        s_fold (rocket);
    save_on_way_t first = s_take (3);
    s_fold (0);
    cr_assert_not (first.has_position);
    s_end (&first, 0);
    save_on_way_t last = s_take (3);
    cr_assert (last.has_position);
    cr_assert_eq (last.position.offset, ROCKETS, "what came later is in the next burst");
    s_end (&last, 0);
    cr_assert (changes_have_moved (shard_changes (s_shard)));
}

Test (positions, may_go_back_and_to_another_feed)
{
    position_t position = s_at (900);
    changes_restore_position (shard_changes (s_shard), &position);
    position = (position_t){.offset = 3, .feed = {8}};
    changes_set_position (shard_changes (s_shard), &position);
    save_on_way_t save = s_take (ALL);
    cr_assert (save.has_position);
    cr_assert_eq (save.position.offset, 3);
    cr_assert_eq (save.position.feed[0], 8);
    s_end (&save, 2);
    cr_assert (changes_have_moved (shard_changes (s_shard)), "it was not stored");
}

Test (positions, are_none_without_a_feed)
{
    position_t position;
    cr_assert_not (changes_position (shard_changes (s_shard), &position));
    cr_assert_not (changes_have_moved (shard_changes (s_shard)));
    save_on_way_t save = s_take (ALL);
    cr_assert_not (save.has_position);
    changes_end_save (shard_changes (s_shard), s_acks);
    g_ptr_array_unref (save.changes);
}
