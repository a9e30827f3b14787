//  Frames that are carried and not saved: receipts, lag, and forgetting.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "common/process/clock.h"
#include "gateway/delivery/carried.h"

#define PARTITION 3

static worker_metrics_t s_metrics;
static carried_t *s_carried;

static void
s_set_up (void)
{
    s_metrics = (worker_metrics_t){0};
    s_carried = carried_new (&s_metrics);
}

static void
s_tear_down (void)
{
    carried_destroy (&s_carried);
    cr_expect_eq (counter_get (&s_metrics.lag_messages[PARTITION]), 0);
}

TestSuite (carried, .init = s_set_up, .fini = s_tear_down);

//  Carry a frame of ten messages.
static void
s_carry (uint64_t sequence, receipt_t *receipt)
{
    record_t record = {.sequence = sequence,
        .digest = 1000 + sequence,
        .kept_us = (int64_t) sequence,
        .partition = PARTITION,
        .messages = 10,
        .receipt = receipt ? receipt_ref (receipt) : NULL};
    counter_add (&s_metrics.lag_messages[PARTITION], 10);
    carried_add (s_carried, &record);
    cr_expect_null (record.receipt);
}

//  A receipt of one frame that is kept and carried.
static receipt_t *
s_new_receipt (void)
{
    receipt_t *receipt = receipt_new (false);
    receipt_add_frame (receipt);
    receipt_carry_frame (receipt);
    receipt_decide (receipt, RECEIPT_KEPT);
    receipt_close (receipt);
    return receipt;
}

Test (carried, who_waits_is_told_when_the_frame_is_saved)
{
    receipt_t *receipt = s_new_receipt ();
    uint32_t partition = 0;
    s_carry (1, receipt);
    cr_expect_eq (receipt_outcome (receipt), RECEIPT_KEPT);
    cr_expect_not (carried_find (s_carried, 1, 7, &partition), "another digest");
    cr_expect_not (carried_find (s_carried, 2, 1002, &partition), "another frame");
    cr_assert (carried_find (s_carried, 1, 1001, &partition));
    cr_expect_eq (partition, PARTITION);
    carried_save (s_carried, 1, false);
    cr_expect_eq (receipt_outcome (receipt), RECEIPT_APPLIED);
    cr_expect_eq (carried_count (s_carried), 0);
    cr_expect_eq (counter_get (&s_metrics.saved), 10);
    cr_expect_eq (counter_get (&s_metrics.lag_messages[PARTITION]), 0);
    receipt_unref (&receipt);
}

Test (carried, an_ack_ends_earlier_frames_but_tells_nobody_of_them)
{
    receipt_t *first = s_new_receipt ();
    s_carry (1, first);
    s_carry (2, NULL);
    s_carry (3, NULL);
    cr_expect_eq (carried_oldest_us (s_carried, PARTITION), 1);
    carried_save (s_carried, 2, false);
    cr_expect_eq (receipt_outcome (first), RECEIPT_KEPT);
    cr_expect_eq (carried_count (s_carried), 1);
    cr_expect_eq (carried_oldest_us (s_carried, PARTITION), 3);
    cr_expect_eq (counter_get (&s_metrics.lag_messages[PARTITION]), 10);
    receipt_unref (&first);
}

Test (carried, memory_is_bounded_and_the_lag_stays_right)
{
    for (uint64_t sequence = 1; sequence <= CARRIED_MAX + 1000; sequence++)
        s_carry (sequence, NULL);
    cr_expect_eq (carried_count (s_carried), CARRIED_MAX);
    cr_expect_eq (counter_get (&s_metrics.lag_messages[PARTITION]), 10ull * (CARRIED_MAX + 1000));
    cr_expect_eq (carried_oldest_us (s_carried, PARTITION), 1);
    carried_save (s_carried, CARRIED_MAX + 999, false);
    cr_expect_eq (carried_count (s_carried), 1);
    cr_expect_eq (counter_get (&s_metrics.saved), 10ull * (CARRIED_MAX + 999));
}

Test (carried, frames_whose_acks_were_lost_with_their_owner_are_forgotten)
{
    int64_t now_us = clock_us ();
    carried_look (s_carried, PARTITION, 5, now_us);
    s_carry (1, NULL);
    carried_look (s_carried, PARTITION, 5, now_us + 10 * CARRIED_FORGET_US);
    cr_expect_eq (carried_count (s_carried), 1, "the owner is slow");
    now_us = clock_us () + 1;
    carried_look (s_carried, PARTITION, 0, now_us);
    carried_look (s_carried, PARTITION, 0, now_us + 10 * CARRIED_FORGET_US);
    cr_expect_eq (carried_count (s_carried), 1, "there is no owner");
    carried_look (s_carried, PARTITION, 6, now_us);
    carried_look (s_carried, PARTITION, 6, now_us + CARRIED_FORGET_US - 1);
    cr_expect_eq (carried_count (s_carried), 1, "the next owner may still read them");
    carried_look (s_carried, PARTITION, 6, now_us + CARRIED_FORGET_US);
    cr_expect_eq (carried_count (s_carried), 0);
    cr_expect_eq (carried_oldest_us (s_carried, PARTITION), 0);
}

Test (carried, without_a_journal_messages_are_kept_when_all_frames_are_carried)
{
    receipt_t *receipt = receipt_new (true);
    receipt_add_frame (receipt);
    receipt_add_frame (receipt);
    receipt_decide (receipt, RECEIPT_KEPT);
    receipt_close (receipt);
    receipt_carry_frame (receipt);
    cr_expect_eq (receipt_outcome (receipt), RECEIPT_PENDING);
    receipt_carry_frame (receipt);
    cr_expect_eq (receipt_outcome (receipt), RECEIPT_KEPT);
    receipt_save_frame (receipt);
    receipt_save_frame (receipt);
    cr_expect_eq (receipt_outcome (receipt), RECEIPT_APPLIED);
    receipt_unref (&receipt);
}

Test (carried, an_ack_over_an_unordered_link_ends_only_its_own_frame)
{
    receipt_t *first = s_new_receipt ();
    s_carry (1, first);
    s_carry (2, NULL);
    carried_save (s_carried, 2, true);
    cr_expect_eq (carried_count (s_carried), 1);
    cr_expect_eq (receipt_outcome (first), RECEIPT_KEPT);
    carried_save (s_carried, 1, true);
    cr_expect_eq (receipt_outcome (first), RECEIPT_APPLIED);
    receipt_unref (&first);
}
