//  What a shard remembers until it is saved and acknowledged, piece by piece; and the updates for
//  listeners: each rocket once, in a saved state.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "processor/shard/shard.h"

#define ALL UINT_MAX

static shard_t *s_shard;
static acks_t *s_acks;  //  that may go out

static void
s_set_up (void)
{
    s_shard = shard_new ((owned_t){0, 1}, ORDERING_CONVERGE);
    s_acks = acks_new ();
}

static void
s_tear_down (void)
{
    shard_destroy (&s_shard);
    acks_destroy (&s_acks);
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

//  Save the changed rockets; the fold during the save, if any, is of the rocket "hot". Return how
//  many were overdue, each with so many messages as it was saved with.
static int
s_save (uint64_t hot)
{
    GPtrArray *changes = changes_take (shard_changes (s_shard), ALL);
    if (hot)
        s_fold ("hot", hot);
    int overdue = 0;
    for (guint index = 0; index < changes->len; index++)
        overdue +=
            untold_note (shard_untold (s_shard), changes_taken (shard_changes (s_shard), index));
    changes_end_save (shard_changes (s_shard), s_acks);
    g_ptr_array_unref (changes);
    return overdue;
}

//  Return the number of updates of a turn.
static int
s_tell (void)
{
    const rocket_t *rocket = NULL;
    int told = 0;
    while (untold_next_due (shard_untold (s_shard), &rocket))
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
    cr_expect (untold_make_due (shard_untold (s_shard)));
    cr_expect_eq (s_tell (), 2);
    cr_expect_not (untold_make_due (shard_untold (s_shard)));
}

Test (shard, a_rocket_that_always_changes_is_told_at_its_save)
{
    s_fold ("hot", 1);
    for (uint64_t number = 2; number < 10; number += 2) {
        cr_expect_eq (s_save (number), 0);
        untold_make_due (shard_untold (s_shard));
        cr_expect_eq (s_tell (), 0, "its state is not saved");
        cr_expect_eq (s_save (number + 1), 1, "now it is");
    }
    cr_expect_eq (s_save (0), 0);
    untold_make_due (shard_untold (s_shard));
    cr_expect_eq (s_tell (), 1);
}

Test (shard, what_is_saved_while_others_are_due_waits)
{
    s_fold ("one", 1);
    s_save (0);
    untold_make_due (shard_untold (s_shard));
    s_fold ("one", 2);
    s_fold ("two", 1);
    s_save (0);
    cr_expect_eq (s_tell (), 1, "one, as it is now");
    untold_make_due (shard_untold (s_shard));
    cr_expect_eq (s_tell (), 1, "two");
}

Test (shard, a_save_that_failed_tells_nothing)
{
    s_fold ("one", 1);
    GPtrArray *changes = changes_take (shard_changes (s_shard), ALL);
    changes_put_back (shard_changes (s_shard));
    g_ptr_array_unref (changes);
    cr_expect_not (untold_make_due (shard_untold (s_shard)));
    s_save (0);
    untold_make_due (shard_untold (s_shard));
    cr_expect_eq (s_tell (), 1);
}

Test (shard, a_rocket_whose_save_is_under_way_is_not_told)
{
    s_fold ("one", 1);
    s_save (0);
    s_fold ("one", 2);
    untold_make_due (shard_untold (s_shard));
    GPtrArray *changes = changes_take (shard_changes (s_shard), ALL);
    cr_expect_eq (s_tell (), 0);
    cr_expect_eq (untold_overdue (shard_untold (s_shard)), 1);
    cr_expect (untold_note (shard_untold (s_shard), changes_taken (shard_changes (s_shard), 0)));
    cr_expect_eq (untold_overdue (shard_untold (s_shard)), 0);
    changes_end_save (shard_changes (s_shard), s_acks);
    g_ptr_array_unref (changes);
}

//  A frame with a message for each of these rockets.
static void
s_fold_frame (uint64_t sequence, const char *ids, uint64_t number)
{
    frame_head_t head = {.source = {1}, .sequence = sequence};
    for (const char *id = ids; *id; id++)
        s_fold ((char[]){*id, '\0'}, number);
    acks_add (changes_acks (shard_changes (s_shard)), &head, 7);
}

//  Begin to save so many rockets: which ones, and up to which number.
static void
s_expect_taken (guint most, const char *expected)
{
    GPtrArray *changes = changes_take (shard_changes (s_shard), most);
    GString *taken = g_string_new (NULL);
    for (guint index = 0; index < changes->len; index++) {
        const rocket_view_t *view = changes->pdata[index];
        g_string_append_printf (
            taken, "%.*s%d ", (int) view->id.size, view->id.data, (int) view->last_number);
    }
    cr_expect_str_eq (taken->str, expected);
    g_string_free (taken, TRUE);
    g_ptr_array_unref (changes);
}

static void
s_expect_acks (bool expected, const char *why)
{
    cr_expect_eq (!acks_is_empty (s_acks), expected, "%s", why);
    acks_destroy (&s_acks);
    s_acks = acks_new ();
}

Test (shard, a_frame_is_acknowledged_when_the_last_piece_is_saved)
{
    s_fold_frame (1, "abc", 1);
    s_expect_taken (2, "a1 b1 ");
    changes_end_save (shard_changes (s_shard), s_acks);
    s_expect_acks (false, "c is not saved");
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 0);
    cr_expect_not (changes_are_none (shard_changes (s_shard)));
    s_expect_taken (2, "c1 ");
    s_expect_acks (false, "c is being saved");
    changes_end_save (shard_changes (s_shard), s_acks);
    s_expect_acks (true, "all of it is saved");
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 3);
    cr_expect (changes_are_none (shard_changes (s_shard)));
}

Test (shard, the_last_frame_that_was_saved_is_acknowledged_again_and_again)
{
    changes_repeat_acks (shard_changes (s_shard), s_acks);
    s_expect_acks (false, "nothing was saved");
    s_fold_frame (1, "a", 1);
    s_expect_taken (1, "a1 ");
    changes_repeat_acks (shard_changes (s_shard), s_acks);
    s_expect_acks (false, "it is being saved");
    changes_end_save (shard_changes (s_shard), s_acks);
    s_expect_acks (true, "it is saved");
    for (int time = 0; time < 3; time++) {
        changes_repeat_acks (shard_changes (s_shard), s_acks);
        s_expect_acks (true, "again");
    }
}

Test (shard, what_comes_between_two_pieces_is_acknowledged_with_the_next_burst)
{
    s_fold_frame (1, "abc", 1);
    s_expect_taken (1, "a1 ");
    s_fold_frame (2, "acd", 2);
    changes_end_save (shard_changes (s_shard), s_acks);
    s_expect_taken (ALL, "b1 c2 ");
    changes_end_save (shard_changes (s_shard), s_acks);
    s_expect_acks (true, "the first frame");
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 3);
    cr_expect_not (changes_are_none (shard_changes (s_shard)));
    s_expect_taken (ALL, "a2 d2 ");
    changes_end_save (shard_changes (s_shard), s_acks);
    s_expect_acks (true, "the second frame");
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 6);
    cr_expect (changes_are_none (shard_changes (s_shard)));
}

Test (shard, a_piece_that_failed_keeps_the_acks_of_its_burst)
{
    s_fold_frame (1, "abcd", 1);
    s_expect_taken (1, "a1 ");
    changes_end_save (shard_changes (s_shard), s_acks);
    s_expect_taken (2, "b1 c1 ");
    s_fold_frame (2, "bd", 2);
    changes_put_back (shard_changes (s_shard));
    s_expect_acks (false, "nothing was saved");
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 0);
    s_expect_taken (ALL, "b2 c1 d2 ");
    changes_end_save (shard_changes (s_shard), s_acks);
    s_expect_acks (true, "each rocket once, both frames");
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 6);
    cr_expect (changes_are_none (shard_changes (s_shard)));
}

Test (shard, frames_of_duplicates_are_acknowledged_too)
{
    s_fold_frame (1, "a", 1);
    s_save (0);
    s_expect_acks (true, "the first");
    s_fold_frame (2, "a", 1);
    s_expect_taken (1, "");
    changes_end_save (shard_changes (s_shard), s_acks);
    s_expect_acks (true, "again");
}

Test (shard, one_whose_piece_has_not_come_is_not_told)
{
    s_fold ("a", 1);
    s_fold ("b", 1);
    s_save (0);
    untold_make_due (shard_untold (s_shard));
    s_fold ("a", 2);
    s_fold ("b", 2);
    s_expect_taken (1, "a2 ");
    cr_expect_eq (s_tell (), 0);
    cr_expect_eq (untold_overdue (shard_untold (s_shard)), 2);
    cr_expect (untold_note (shard_untold (s_shard), changes_taken (shard_changes (s_shard), 0)));
    changes_end_save (shard_changes (s_shard), s_acks);
    s_expect_taken (1, "b2 ");
    cr_expect (untold_note (shard_untold (s_shard), changes_taken (shard_changes (s_shard), 0)),
        "an index is of the piece");
    changes_end_save (shard_changes (s_shard), s_acks);
    cr_expect_eq (untold_overdue (shard_untold (s_shard)), 0);
}

Test (shard, messages_that_change_nothing_are_saved_with_those_before_them)
{
    s_fold ("a", 1);
    s_fold ("a", 1);
    cr_expect_eq (changes_folded (shard_changes (s_shard)), 2);
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 0);
    GPtrArray *changes = changes_take (shard_changes (s_shard), ALL);
    s_fold ("a", 1);
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 0, "the save is not done");
    changes_end_save (shard_changes (s_shard), s_acks);
    g_ptr_array_unref (changes);
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 3);
    s_fold ("a", 1);
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 4);
}

Test (shard, a_frame_that_changes_nothing_is_saved_with_its_ack)
{
    frame_head_t head = {.sequence = 1};
    s_fold ("a", 1);
    s_save (0);
    s_fold ("a", 1);
    acks_add (changes_acks (shard_changes (s_shard)), &head, 7);
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 1);
    GPtrArray *changes = changes_take (shard_changes (s_shard), ALL);
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 1, "the save of the ack is not done");
    changes_put_back (shard_changes (s_shard));
    g_ptr_array_unref (changes);
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 1, "it failed");
    s_save (0);
    cr_expect_eq (changes_saved (shard_changes (s_shard)), 2);
}
