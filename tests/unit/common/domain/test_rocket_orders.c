//  The fold in every order of some messages, and in many orders of many.
//  SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "rockets.h"

TestSuite (rocket, .init = s_start, .fini = s_stop);

static void
s_swap (uint8_t *order, size_t one, size_t other)
{
    uint8_t moved = order[one];
    order[one] = order[other];
    order[other] = moved;
}

//  Tell every order in which all from done on may stand.
static void
s_each_order (uint8_t *order, size_t done, size_t count, void (*function) (const uint8_t *order))
{
    if (done == count) {
        function (order);
        return;
    }
    for (size_t next = done; next < count; next++) {
        s_swap (order, done, next);
        s_each_order (order, done + 1, count, function);
        s_swap (order, done, next);
    }
}

#define FEW 7

static message_t s_few[FEW];
static number_range_t s_few_ranges[1 << FEW][FEW];
static rocket_view_t s_few_expected[1 << FEW];  //  by the set of messages that came
static size_t s_orders;

//  Fold them in this order, each of them again and again; the state must be right at every step.
static void
s_try_order (const uint8_t *order)
{
    s_restart ();
    unsigned set = 0;
    for (size_t step = 0; step < FEW; step++) {
        cr_assert_eq (s_converge (s_few[order[step]]), FOLD_APPLIED);
        set |= 1u << order[step];
        s_expect_view (&s_few_expected[set], "order", s_orders);
        for (size_t again = 0; again <= step; again++)
            cr_assert_eq (s_converge (s_few[order[again]]), FOLD_DUPLICATE);
        s_expect_view (&s_few_expected[set], "repeats, order", s_orders);
    }
    s_orders++;
}

static void
s_try_all_orders (void)
{
    for (unsigned set = 0; set < 1 << FEW; set++) {
        bool chosen[FEW];
        for (size_t index = 0; index < FEW; index++)
            chosen[index] = set >> index & 1;
        s_few_expected[set] = s_expected (s_few, chosen, FEW, s_few_ranges[set]);
    }
    uint8_t order[FEW] = {0, 1, 2, 3, 4, 5, 6};
    s_orders = 0;
    s_each_order (order, 0, FEW, s_try_order);
    cr_expect_eq (s_orders, 5040);
}

Test (rocket, every_order_of_seven_messages_leads_to_the_same_state)
{
    const message_t messages[FEW] = {s_launched (1, "Titan-IV", 900, "GEMINI"), s_sped_up (2, 100),
        s_mission_changed (3, "SKYLAB"), s_exploded (5, "first"),
        s_launched (6, "Scout", 10, "APOLLO"), s_exploded (21, "second"), s_slowed (22, 2000)};
    memcpy (s_few, messages, sizeof s_few);
    s_try_all_orders ();
}

Test (rocket, so_does_every_order_of_the_largest_numbers_and_speeds)
{
    uint64_t top = MESSAGE_NUMBER_MAX;
    const message_t messages[FEW] = {s_mission_changed (1, "MERCURY"),
        s_launched (top - 17, "Athena", top, ""), s_slowed (top - 16, top),
        s_slowed (top - 15, top), s_exploded (top - 2, ""), s_mission_changed (top - 1, "APOLLO"),
        s_sped_up (top, top)};
    memcpy (s_few, messages, sizeof s_few);
    s_try_all_orders ();
}

static void
s_shuffle (size_t *order, size_t count, uint64_t *seed)
{
    for (size_t left = count; left > 1; left--) {
        size_t other = (size_t) s_random (seed, left), moved = order[other];
        order[other] = order[left - 1];
        order[left - 1] = moved;
    }
}

//  Make messages with rising numbers from first on, some left out, and fold them in any order, some
//  of them more often.
static void
s_try_shuffle (uint64_t first, size_t count, uint64_t *seed, size_t round)
{
    static message_t messages[MESSAGES_MAX];
    static number_range_t ranges[MESSAGES_MAX];
    static size_t order[3 * MESSAGES_MAX];
    uint64_t number = first, holes = s_random (seed, 4), repeats = s_random (seed, 3);
    for (size_t index = 0; index < count; index++) {
        messages[index] = s_any (seed, number);
        number += 1 + (holes ? s_random (seed, 1 + holes) : 0);
    }
    size_t folds = count + (size_t) repeats * (size_t) s_random (seed, count + 1);
    for (size_t index = 0; index < folds; index++)
        order[index] = index < count ? index : (size_t) s_random (seed, count);
    s_shuffle (order, folds, seed);

    s_restart ();
    bool came[MESSAGES_MAX] = {false};
    for (size_t index = 0; index < folds; index++) {
        fold_t expected = came[order[index]] ? FOLD_DUPLICATE : FOLD_APPLIED;
        cr_assert_eq (s_converge (messages[order[index]]), expected, "shuffle %zu", round);
        came[order[index]] = true;
    }
    rocket_view_t expected = s_expected (messages, NULL, count, ranges);
    s_expect_view (&expected, "shuffle", round);
}

Test (rocket, thousands_of_shuffles_lead_to_the_state_of_the_numbers_in_order)
{
    uint64_t seed = SEED;
    fprintf (stderr, "seed %llu\n", (unsigned long long) seed);
    for (size_t round = 0; round < 4000; round++) {
        size_t count = 1 + (size_t) s_random (&seed, 200);
        uint64_t first = round % 2 ? 1 + s_random (&seed, 40) : MESSAGE_NUMBER_MAX - 4 * count;
        s_try_shuffle (first, count, &seed, round);
    }
}

Test (rocket, a_speed_past_two_to_the_63_wraps_whatever_the_order)
{
    static message_t messages[MESSAGES_MAX];
    static number_range_t ranges[MESSAGES_MAX];
    uint64_t seed = SEED;
    for (uint64_t number = 1; number <= MESSAGES_MAX; number++)
        messages[number - 1] = s_sped_up (number, MESSAGE_NUMBER_MAX);
    rocket_view_t expected = s_expected (messages, NULL, MESSAGES_MAX, ranges);
    cr_expect_eq (expected.speed, -7638104968020362416, "1200 * (2^53 - 1) - 2^64");
    for (size_t round = 0; round < 20; round++) {
        size_t order[MESSAGES_MAX];
        for (size_t index = 0; index < MESSAGES_MAX; index++)
            order[index] = index;
        s_shuffle (order, MESSAGES_MAX, &seed);
        s_restart ();
        for (size_t index = 0; index < MESSAGES_MAX; index++)
            s_converge (messages[order[index]]);
        s_expect_view (&expected, "round", round);
    }
    for (uint64_t number = 1; number <= MESSAGES_MAX; number++)
        s_converge (s_slowed (MESSAGES_MAX + number, MESSAGE_NUMBER_MAX));
    cr_expect_eq (s_view ().speed, 0, "and back");
}
