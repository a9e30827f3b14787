//  What a shard remembers for those who listen: a rocket is told once, in a state that was saved.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "processor/shard.h"

static text_pool_t *s_pool;
static shard_t *s_shard;

static void
s_set_up (void)
{
    s_pool = text_pool_new ();
    s_shard = shard_new ((owned_t){0, 1}, ORDERING_CONVERGE, s_pool);
}

static void
s_tear_down (void)
{
    shard_destroy (&s_shard);
    text_pool_destroy (&s_pool);
}

TestSuite (shard, .init = s_set_up, .fini = s_tear_down);

static void
s_fold (const char *id, uint64_t number)
{
    message_t message = {.channel = text_from (id),
        .number = number,
        .time_us = 1643827145863370,
        .kind = MESSAGE_SPED_UP,
        .speed = 1};
    shard_fold (s_shard, &message);
}

//  Save what changed; the fold during the save, if any, is of the rocket "hot". Returns how many
//  were overdue, each with so many messages as it was saved with.
static int
s_save (uint64_t hot)
{
    acks_t *acks = NULL;
    GPtrArray *changes = shard_take_changes (s_shard, &acks);
    if (hot)
        s_fold ("hot", hot);
    int overdue = 0;
    for (guint index = 0; index < changes->len; index++)
        overdue += shard_note_saved (s_shard, index);
    shard_end_save (s_shard);
    g_ptr_array_unref (changes);
    acks_destroy (&acks);
    return overdue;
}

//  How many are told in a turn.
static int
s_tell (void)
{
    const rocket_t *rocket = NULL;
    int told = 0;
    while (shard_next_due (s_shard, &rocket))
        told += rocket != NULL;
    return told;
}

Test (shard, a_rocket_that_was_saved_twice_is_told_once)
{
    s_fold ("one", 1);
    s_fold ("two", 1);
    cr_expect_eq (s_save (0), 0);
    s_fold ("one", 2);
    cr_expect_eq (s_save (0), 0);
    cr_expect_eq (s_tell (), 0, "nothing is due yet");
    cr_expect (shard_make_due (s_shard));
    cr_expect_eq (s_tell (), 2);
    cr_expect_not (shard_make_due (s_shard));
}

Test (shard, a_rocket_that_always_changes_is_told_at_its_save)
{
    s_fold ("hot", 1);
    for (uint64_t number = 2; number < 10; number += 2) {
        cr_expect_eq (s_save (number), 0);
        shard_make_due (s_shard);
        cr_expect_eq (s_tell (), 0, "its state is not saved");
        cr_expect_eq (s_save (number + 1), 1, "now it is");
    }
    cr_expect_eq (s_save (0), 0);
    shard_make_due (s_shard);
    cr_expect_eq (s_tell (), 1);
}

Test (shard, what_is_saved_while_others_are_due_waits)
{
    s_fold ("one", 1);
    s_save (0);
    shard_make_due (s_shard);
    s_fold ("one", 2);
    s_fold ("two", 1);
    s_save (0);
    cr_expect_eq (s_tell (), 1, "one, as it is now");
    shard_make_due (s_shard);
    cr_expect_eq (s_tell (), 1, "two");
}

Test (shard, a_save_that_failed_tells_nothing)
{
    s_fold ("one", 1);
    acks_t *acks = NULL;
    GPtrArray *changes = shard_take_changes (s_shard, &acks);
    shard_put_back (s_shard, &acks);
    g_ptr_array_unref (changes);
    cr_expect_not (shard_make_due (s_shard));
    s_save (0);
    shard_make_due (s_shard);
    cr_expect_eq (s_tell (), 1);
}

Test (shard, a_rocket_whose_save_is_under_way_is_not_told)
{
    s_fold ("one", 1);
    s_save (0);
    s_fold ("one", 2);
    shard_make_due (s_shard);
    acks_t *acks = NULL;
    GPtrArray *changes = shard_take_changes (s_shard, &acks);
    cr_expect_eq (s_tell (), 0);
    cr_expect_eq (shard_overdue (s_shard), 1);
    cr_expect (shard_note_saved (s_shard, 0));
    cr_expect_eq (shard_overdue (s_shard), 0);
    shard_end_save (s_shard);
    g_ptr_array_unref (changes);
    acks_destroy (&acks);
}
