//  The set of numbers, compared with a plain table.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>

#include "common/domain/number_ranges.h"

#define SEED 4620261u
#define UNIVERSE 9000
#define ROUNDS 60000

static uint64_t
s_random (uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

static void
s_expect_ranges (const number_ranges_t *set, const number_range_t *expected, size_t expected_count)
{
    size_t count;
    const number_range_t *ranges = number_ranges_list (set, &count);
    cr_assert_eq (count, expected_count, "%zu ranges, not %zu", count, expected_count);
    for (size_t index = 0; index < count; index++) {
        cr_expect_eq (ranges[index].first, expected[index].first, "first of %zu", index);
        cr_expect_eq (ranges[index].last, expected[index].last, "last of %zu", index);
    }
}

static size_t
s_count (const number_ranges_t *set)
{
    size_t count;
    number_ranges_list (set, &count);
    return count;
}

static size_t
s_gaps (const number_ranges_t *set, number_range_t *gaps)
{
    size_t count;
    const number_range_t *ranges = number_ranges_list (set, &count);
    return number_range_list_gaps (ranges, count, gaps);
}

#define EXPECT_RANGES(set, ...)                                                                    \
    s_expect_ranges (set, (number_range_t[]){__VA_ARGS__},                                         \
        sizeof (number_range_t[]){__VA_ARGS__} / sizeof (number_range_t))

Test (number_ranges, zeroed_memory_is_the_empty_set)
{
    number_ranges_t set = {0};
    size_t count = 7;
    number_ranges_list (&set, &count);
    cr_expect_eq (count, 0);
    cr_expect_not (number_ranges_has (&set, 1));
    cr_expect_eq (s_gaps (&set, NULL), 0);
    number_ranges_clear (&set);
    number_ranges_clear (&set);
}

Test (number_ranges, numbers_join_the_ranges_they_touch)
{
    number_ranges_t set = {0};
    cr_expect_eq (number_ranges_add (&set, 5), NUMBER_ADDED);
    EXPECT_RANGES (&set, {5, 5});
    cr_expect_eq (number_ranges_add (&set, 6), NUMBER_ADDED);
    EXPECT_RANGES (&set, {5, 6});
    cr_expect_eq (number_ranges_add (&set, 4), NUMBER_ADDED);
    EXPECT_RANGES (&set, {4, 6});
    cr_expect_eq (number_ranges_add (&set, 9), NUMBER_ADDED);
    EXPECT_RANGES (&set, {4, 6}, {9, 9});
    cr_expect_eq (number_ranges_add (&set, 1), NUMBER_ADDED);
    EXPECT_RANGES (&set, {1, 1}, {4, 6}, {9, 9});
    cr_expect_eq (number_ranges_add (&set, 7), NUMBER_ADDED);
    EXPECT_RANGES (&set, {1, 1}, {4, 7}, {9, 9});
    cr_expect_eq (number_ranges_add (&set, 8), NUMBER_ADDED);
    EXPECT_RANGES (&set, {1, 1}, {4, 9});
    cr_expect_eq (number_ranges_add (&set, 3), NUMBER_ADDED);
    EXPECT_RANGES (&set, {1, 1}, {3, 9});
    cr_expect_eq (number_ranges_add (&set, 2), NUMBER_ADDED);
    EXPECT_RANGES (&set, {1, 9});
    for (uint64_t number = 1; number <= 9; number++)
        cr_expect_eq (number_ranges_add (&set, number), NUMBER_KNOWN);
    EXPECT_RANGES (&set, {1, 9});
    number_ranges_clear (&set);
    cr_expect (number_ranges_is_empty (&set));
}

Test (number_ranges, the_gaps_begin_at_one_and_end_below_the_highest)
{
    number_ranges_t set = {0};
    number_range_t gaps[NUMBER_RANGES_MAX];
    number_ranges_add (&set, 3);
    number_ranges_add (&set, 5);
    number_ranges_add (&set, 9);
    cr_assert_eq (s_gaps (&set, gaps), 3);
    cr_expect (gaps[0].first == 1 && gaps[0].last == 2);
    cr_expect (gaps[1].first == 4 && gaps[1].last == 4);
    cr_expect (gaps[2].first == 6 && gaps[2].last == 8);
    number_ranges_add (&set, 1);
    number_ranges_add (&set, 2);
    cr_assert_eq (s_gaps (&set, gaps), 2);
    cr_expect (gaps[0].first == 4 && gaps[0].last == 4);
    number_ranges_clear (&set);
}

Test (number_ranges, the_largest_numbers_do_not_overflow)
{
    number_ranges_t set = {0};
    number_range_t gaps[NUMBER_RANGES_MAX];
    cr_expect_eq (number_ranges_add (&set, UINT64_MAX - 1), NUMBER_ADDED);
    cr_expect_eq (number_ranges_add (&set, 1), NUMBER_ADDED);
    cr_expect_eq (number_ranges_add (&set, UINT64_MAX - 1), NUMBER_KNOWN);
    EXPECT_RANGES (&set, {1, 1}, {UINT64_MAX - 1, UINT64_MAX - 1});
    cr_expect (number_ranges_has (&set, UINT64_MAX - 1));
    cr_expect_not (number_ranges_has (&set, UINT64_MAX));
    cr_expect_not (number_ranges_has (&set, 0));
    cr_assert_eq (s_gaps (&set, gaps), 1);
    cr_expect (gaps[0].first == 2 && gaps[0].last == UINT64_MAX - 2);
    number_ranges_clear (&set);
}

Test (number_ranges, past_the_limit_the_lowest_gap_is_closed)
{
    number_ranges_t set = {0};
    number_range_t gaps[NUMBER_RANGES_MAX];
    for (uint64_t number = 1; number <= NUMBER_RANGES_MAX; number++)
        cr_assert_eq (number_ranges_add (&set, 10 * number), NUMBER_ADDED);
    cr_expect_eq (s_gaps (&set, gaps), NUMBER_RANGES_MAX, "that below 10 included");
    cr_expect_eq (number_ranges_add (&set, 20000), NUMBER_CLOSED_A_GAP);
    cr_expect_eq (s_count (&set), NUMBER_RANGES_MAX);
    cr_expect_eq (number_ranges_list (&set, &(size_t){0})->first, 10, "nothing gained by closing");
    cr_expect_eq (number_ranges_list (&set, &(size_t){0})->last, 20);
    cr_expect_eq (number_ranges_add (&set, 15), NUMBER_KNOWN);
    cr_expect_eq (number_ranges_add (&set, 25), NUMBER_CLOSED_A_GAP);
    cr_expect_eq (number_ranges_list (&set, &(size_t){0})->last, 25, "20 and 25 became one range");
    cr_expect_eq (number_ranges_add (&set, 5), NUMBER_CLOSED_A_GAP);
    cr_expect_eq (number_ranges_list (&set, &(size_t){0})->first, 5);
    cr_expect_eq (number_ranges_add (&set, 20001), NUMBER_ADDED, "no new range");
    cr_expect_eq (number_ranges_add (&set, 20001), NUMBER_KNOWN);
    cr_expect_eq (s_count (&set), NUMBER_RANGES_MAX);
    number_ranges_clear (&set);
}

Test (number_ranges, only_good_ranges_are_assigned)
{
    static const struct {
        const char *what;
        size_t count;
        number_range_t ranges[2];
        bool is_good;
    } cases[] = {
        {"nothing", 0, {{0, 0}}, true},
        {"one", 1, {{1, 1}}, true},
        {"two", 2, {{1, 3}, {5, 5}}, true},
        {"the largest", 2, {{1, 1}, {9, UINT64_MAX - 1}}, true},
        {"zero", 1, {{0, 1}}, false},
        {"backwards", 1, {{3, 2}}, false},
        {"too large", 1, {{1, UINT64_MAX}}, false},
        {"touching", 2, {{1, 3}, {4, 5}}, false},
        {"overlapping", 2, {{1, 3}, {3, 5}}, false},
        {"falling", 2, {{5, 6}, {1, 3}}, false},
        {"the second backwards", 2, {{1, 3}, {9, 8}}, false},
    };
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        number_ranges_t set = {0};
        number_ranges_add (&set, 70);
        number_ranges_add (&set, 80);
        cr_expect_eq (number_ranges_assign (&set, cases[index].ranges, cases[index].count),
            cases[index].is_good, "%s", cases[index].what);
        s_expect_ranges (&set, cases[index].ranges, cases[index].is_good ? cases[index].count : 0);
        number_ranges_clear (&set);
    }
}

Test (number_ranges, no_more_ranges_than_the_limit_are_assigned)
{
    number_range_t ranges[NUMBER_RANGES_MAX + 1];
    for (uint64_t index = 0; index <= NUMBER_RANGES_MAX; index++)
        ranges[index] = (number_range_t){3 * index + 1, 3 * index + 2};
    number_ranges_t set = {0};
    cr_expect_not (number_ranges_assign (&set, ranges, NUMBER_RANGES_MAX + 1));
    cr_expect (number_ranges_assign (&set, ranges, NUMBER_RANGES_MAX));
    s_expect_ranges (&set, ranges, NUMBER_RANGES_MAX);
    cr_expect_eq (number_ranges_add (&set, 100000), NUMBER_CLOSED_A_GAP);
    number_ranges_clear (&set);
}

//  The plain table: in[n] says whether base + n is in the set.
typedef struct {
    uint64_t base;
    bool in[UNIVERSE + 1];
    size_t runs;
} model_t;

static number_added_t
s_model_add (model_t *self, size_t number)
{
    if (self->in[number])
        return NUMBER_KNOWN;
    bool below = number > 0 && self->in[number - 1];
    bool above = number < UNIVERSE && self->in[number + 1];
    self->in[number] = true;
    self->runs = self->runs + 1 - below - above;
    if (self->runs <= NUMBER_RANGES_MAX)
        return NUMBER_ADDED;
    size_t at = 0;
    while (!self->in[at])
        at++;
    while (self->in[at])
        at++;
    while (!self->in[at])
        self->in[at++] = true;
    self->runs--;
    return NUMBER_CLOSED_A_GAP;
}

static void
s_expect_like_model (const model_t *model, const number_ranges_t *set, size_t round)
{
    size_t count, index = 0;
    const number_range_t *ranges = number_ranges_list (set, &count);
    cr_assert_eq (count, model->runs, "round %zu: %zu ranges", round, count);
    cr_assert (count > 1 || ranges == &set->one, "one range takes no memory of its own");
    for (size_t number = 0; number <= UNIVERSE; number++) {
        while (index < count && ranges[index].last < model->base + number)
            index++;
        bool is_in = index < count && ranges[index].first <= model->base + number;
        cr_assert_eq (is_in, model->in[number], "round %zu: number %zu", round, number);
    }
}

//  Numbers come at random, or in runs up or down from a random place, as they do in life.
static void
s_compare_with_model (uint64_t base, uint64_t seed)
{
    fprintf (
        stderr, "base %llu, seed %llu\n", (unsigned long long) base, (unsigned long long) seed);
    static model_t model;
    model = (model_t){.base = base};
    number_ranges_t set = {0};
    size_t number = 0, closed = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        uint64_t random = s_random (&seed);
        if (random % 8 == 0 && number < UNIVERSE)
            number++;
        else if (random % 8 == 1 && number > 0)
            number--;
        else
            number = (size_t) (random >> 8) % (UNIVERSE + 1);
        number_added_t expected = s_model_add (&model, number);
        cr_assert_eq (number_ranges_add (&set, base + number), expected, "round %zu", round);
        cr_assert (number_ranges_has (&set, base + number), "round %zu", round);
        closed += expected == NUMBER_CLOSED_A_GAP;
        if (round % 16 == 0 || expected == NUMBER_CLOSED_A_GAP)
            s_expect_like_model (&model, &set, round);
    }
    cr_expect_gt (closed, 100, "the limit was reached");
    cr_expect_lt (model.runs, 100, "and most ranges were joined again");
    number_ranges_clear (&set);
}

Test (number_ranges, random_numbers_lead_to_what_a_plain_table_says)
{
    s_compare_with_model (1, SEED);
}

Test (number_ranges, so_do_large_ones)
{
    s_compare_with_model (9007199254740991 - UNIVERSE, SEED + 1);
    s_compare_with_model (UINT64_MAX - 1 - UNIVERSE, SEED + 2);
}
