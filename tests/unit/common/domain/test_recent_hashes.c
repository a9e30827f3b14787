//  The hashes of the highest numbers against a plain table of all numbers.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <string.h>

#include "common/domain/recent_hashes.h"

#define SEED 4620261u
#define UNIVERSE 200

static uint64_t
s_random (uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

static void
s_expect_hashes (const recent_hashes_t *hashes, uint64_t last_number, const uint32_t *table)
{
    uint32_t listed[RECENT_HASHES];
    uint32_t expected[RECENT_HASHES] = {0};
    for (uint64_t number = 1; number <= last_number; number++) {
        bool is_kept = recent_hashes_covers (last_number, number);
        cr_assert_eq (recent_hashes_get (hashes, last_number, number), is_kept ? table[number] : 0,
            "%llu of %llu", (unsigned long long) number, (unsigned long long) last_number);
        if (is_kept)
            expected[number % RECENT_HASHES] = table[number];
    }
    recent_hashes_list (hashes, last_number, listed);
    cr_assert_arr_eq (listed, expected, sizeof expected, "%llu", (unsigned long long) last_number);
}

//  Numbers come in steps of at most so many; every fourth message is an earlier number.
static void
s_try_steps (uint64_t *seed, uint64_t most)
{
    uint32_t table[UNIVERSE + 1] = {0};
    recent_hashes_t hashes = {0};
    uint64_t last_number = 0;
    while (last_number + most <= UNIVERSE) {
        uint64_t number = last_number + 1 + s_random (seed) % most;
        if (last_number && s_random (seed) % 4 == 0)
            number = 1 + s_random (seed) % last_number;
        table[number] = (uint32_t) s_random (seed);
        if (number > last_number) {
            recent_hashes_raise (&hashes, last_number, number, table[number]);
            last_number = number;
        }
        else if (recent_hashes_covers (last_number, number))
            recent_hashes_set (&hashes, last_number, number, table[number]);
        s_expect_hashes (&hashes, last_number, table);

        uint32_t listed[RECENT_HASHES];
        recent_hashes_t copy = {0};
        recent_hashes_list (&hashes, last_number, listed);
        recent_hashes_assign (&copy, last_number, listed);
        s_expect_hashes (&copy, last_number, table);
        recent_hashes_clear (&copy, last_number);
    }
    recent_hashes_clear (&hashes, last_number);
}

Test (recent_hashes, they_are_those_of_the_highest_numbers)
{
    uint64_t seed = SEED;
    for (uint64_t most = 1; most <= 40; most++)
        for (size_t round = 0; round < 20; round++)
            s_try_steps (&seed, most);
}

Test (recent_hashes, the_first_takes_no_memory_of_its_own)
{
    recent_hashes_t hashes = {0};
    recent_hashes_raise (&hashes, 0, 1, 7);
    cr_expect_eq (recent_hashes_get (&hashes, 1, 1), 7);
    recent_hashes_clear (&hashes, 1);
    cr_expect_eq (recent_hashes_get (&hashes, 0, 0), 0);
}
