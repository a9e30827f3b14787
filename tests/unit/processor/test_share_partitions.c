//  The shares of members: all members compute the same result, shares are equal, few partitions
//  move.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <string.h>

#include "processor/own/share_partitions.h"

#define PARTITIONS 64

static void
s_make_members (member_id_t *members, size_t count, guint32 seed)
{
    GRand *random = g_rand_new_with_seed (seed);
    for (size_t index = 0; index < count; index++)
        for (size_t byte = 0; byte < PROCESSOR_ID_SIZE; byte++)
            members[index].id[byte] = (uint8_t) g_rand_int_range (random, 0, 256);
    g_rand_free (random);
}

Test (share_partitions, one_member_gets_everything)
{
    member_id_t member;
    uint32_t owners[PARTITIONS_MAX];
    s_make_members (&member, 1, 1);
    share_partitions (&member, 1, PARTITIONS_MAX, owners);
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        cr_assert_eq (owners[partition], 0);
}

Test (share_partitions, shares_differ_by_one_at_most)
{
    static const uint32_t numbers[] = {1, 7, 16, 64, 1000};
    for (size_t number = 0; number < G_N_ELEMENTS (numbers); number++) {
        for (size_t count = 1; count <= 9; count++) {
            member_id_t members[9];
            uint32_t owners[PARTITIONS_MAX];
            uint32_t shares[9] = {0};
            s_make_members (members, count, (guint32) (17 * count + number));
            share_partitions (members, count, numbers[number], owners);
            for (uint32_t partition = 0; partition < numbers[number]; partition++) {
                cr_assert_lt (owners[partition], count);
                shares[owners[partition]]++;
            }
            for (size_t member = 0; member < count; member++) {
                cr_assert_geq (shares[member], numbers[number] / count);
                cr_assert_leq (shares[member], (numbers[number] + count - 1) / count);
            }
        }
    }
}

Test (share_partitions, the_order_in_which_members_are_known_does_not_matter)
{
    for (guint32 seed = 0; seed < 50; seed++) {
        member_id_t members[5];
        member_id_t reversed[5];
        uint32_t owners[PARTITIONS];
        uint32_t owners_reversed[PARTITIONS];
        s_make_members (members, 5, seed);
        for (size_t index = 0; index < 5; index++)
            reversed[index] = members[4 - index];
        share_partitions (members, 5, PARTITIONS, owners);
        share_partitions (reversed, 5, PARTITIONS, owners_reversed);
        for (uint32_t partition = 0; partition < PARTITIONS; partition++)
            cr_assert_eq (owners[partition], 4 - owners_reversed[partition]);
    }
}

//  Of the members count + 1 the last comes or goes: how many partitions change hands, on average.
static double
s_average_moves (size_t count)
{
    uint32_t moves = 0;
    for (guint32 seed = 0; seed < 100; seed++) {
        member_id_t members[9];
        uint32_t before[PARTITIONS];
        uint32_t after[PARTITIONS];
        s_make_members (members, count + 1, seed);
        share_partitions (members, count, PARTITIONS, before);
        share_partitions (members, count + 1, PARTITIONS, after);
        for (uint32_t partition = 0; partition < PARTITIONS; partition++)
            moves += before[partition] != after[partition];
    }
    return moves / 100.0;
}

Test (share_partitions, less_than_twice_of_what_must_moves)
{
    for (size_t count = 1; count <= 8; count++) {
        double least = (double) PARTITIONS / (double) (count + 1);
        cr_assert_lt (s_average_moves (count), 1.6 * least, "%zu members", count);
    }
}
