//  Claims of a partition: which one a gateway believes, and which ones raise an alarm.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/owners/claims.h"

static const uint8_t s_a[PROCESSOR_ID_SIZE] = {1};
static const uint8_t s_b[PROCESSOR_ID_SIZE] = {2};

static claims_verdict_t
s_judge_two (claims_t *claims, uint64_t a_epoch, int64_t a_heard_ms, uint64_t b_epoch,
    int64_t b_heard_ms, int64_t now_ms)
{
    const claim_t both[] = {{s_a, a_epoch, a_heard_ms}, {s_b, b_epoch, b_heard_ms}};
    return claims_judge (claims, both, 2, now_ms);
}

static void
s_believe_a (claims_t *claims, uint64_t epoch, int64_t now_ms)
{
    const claim_t one = {s_a, epoch, now_ms};
    cr_assert_eq (claims_judge (claims, &one, 1, now_ms).winner, 0);
}

Test (claims, the_highest_epoch_wins_at_once_and_a_killed_owner_is_no_alarm)
{
    claims_t claims = {0};
    s_believe_a (&claims, 7, 1000);
    for (int64_t now_ms = 1100; now_ms < 3000; now_ms += 500) {
        claims_verdict_t verdict = s_judge_two (&claims, 7, 1000, 8, now_ms, now_ms);
        cr_assert_eq (verdict.winner, 1);
        cr_assert_not (verdict.is_contested);
        cr_assert_eq (verdict.implausible, 0);
    }
}

Test (claims, one_that_goes_on_claiming_under_an_older_epoch_is_an_alarm)
{
    claims_t claims = {0};
    s_believe_a (&claims, 7, 1000);
    cr_assert_not (s_judge_two (&claims, 7, 1000, 8, 1100, 1100).is_contested);
    claims_verdict_t verdict = s_judge_two (&claims, 7, 2200, 8, 2200, 2200);
    cr_assert_eq (verdict.winner, 1);
    cr_assert (verdict.is_contested);
}

Test (claims, under_one_epoch_the_owner_stays_and_it_is_an_alarm)
{
    claims_t claims = {0};
    s_believe_a (&claims, 7, 1000);
    claims_verdict_t verdict = s_judge_two (&claims, 7, 1100, 7, 1100, 1100);
    cr_assert_eq (verdict.winner, 0);
    cr_assert (verdict.is_contested);
    const claim_t turned[] = {{s_b, 7, 1200}, {s_a, 7, 1200}};
    verdict = claims_judge (&claims, turned, 2, 1200);
    cr_assert_eq (verdict.winner, 1, "whichever comes first");
}

Test (claims, under_one_epoch_without_an_owner_neither_is_believed)
{
    claims_t claims = {0};
    claims_verdict_t verdict = s_judge_two (&claims, 7, 1000, 7, 1000, 1000);
    cr_assert_eq (verdict.winner, 2);
    cr_assert (verdict.is_contested);
    s_believe_a (&claims, 7, 1100);
}

Test (claims, one_processor_at_two_addresses_is_no_alarm)
{
    claims_t claims = {0};
    const claim_t both[] = {{s_a, 7, 1000}, {s_a, 7, 1000}};
    claims_verdict_t verdict = claims_judge (&claims, both, 2, 1000);
    cr_assert_eq (verdict.winner, 0);
    cr_assert_not (verdict.is_contested);
}

Test (claims, an_epoch_that_jumps_is_not_believed)
{
    static const uint64_t epochs[] = {
        1ull << 63, UINT64_MAX, CLAIM_EPOCH_MAX + 1, CLAIM_EPOCH_MAX, 7 + CLAIM_JUMP_MAX + 11};
    for (size_t index = 0; index < G_N_ELEMENTS (epochs); index++) {
        claims_t claims = {0};
        s_believe_a (&claims, 7, 1000);
        claims_verdict_t verdict = s_judge_two (&claims, 7, 1100, epochs[index], 1100, 1100);
        cr_assert_eq (verdict.winner, 0);
        cr_assert_eq (verdict.implausible, 1);
    }
}

Test (claims, the_first_one_may_have_any_epoch_that_can_be)
{
    claims_t claims = {0};
    const claim_t absurd = {s_b, 1ull << 63, 1000};
    cr_assert_eq (claims_judge (&claims, &absurd, 1, 1000).winner, 1);
    s_believe_a (&claims, 123456789, 1000);
}

Test (claims, what_time_allows_is_plausible)
{
    claims_t claims = {0};
    s_believe_a (&claims, 7, 1000);
    const claim_t later = {s_b, 50000, 3601000};
    cr_assert_eq (claims_judge (&claims, &later, 1, 3601000).winner, 0, "an hour later");
}

Test (claims, of_two_far_apart_and_no_owner_neither_is_believed)
{
    claims_t claims = {0};
    claims_verdict_t verdict = s_judge_two (&claims, 7, 1000, 5000000, 1000, 1000);
    cr_assert_eq (verdict.winner, 2);
    cr_assert (verdict.is_contested);
}
