//  SPDX-License-Identifier: Apache-2.0
#include "processor/own/share_partitions.h"

#include <glib.h>

#include "common/text/text_hash.h"

typedef struct {
    uint64_t score;
    uint32_t member;
    uint32_t partition;
} member_score_t;

//  Return the score of a pair. The ids are random, so any function that mixes well gives even
//  scores.
static uint64_t
s_score (const member_id_t *member, uint32_t partition)
{
    char bytes[PROCESSOR_ID_SIZE + sizeof partition];
    memcpy (bytes, member->id, PROCESSOR_ID_SIZE);
    memcpy (bytes + PROCESSOR_ID_SIZE, &partition, sizeof partition);
    return text_hash (text_of (bytes, sizeof bytes));
}

static int
s_highest_first (const void *a, const void *b)
{
    const member_score_t *one = a;
    const member_score_t *two = b;
    if (one->score != two->score)
        return one->score > two->score ? -1 : 1;
    return (one->partition > two->partition) - (one->partition < two->partition);
}

void
share_partitions (const member_id_t *members, size_t count, uint32_t partitions, uint32_t *owners)
{
    g_assert (count >= 1 && count <= MEMBERS_MAX);
    uint32_t shares[MEMBERS_MAX] = {0};
    size_t pairs_count = count * partitions;
    member_score_t *pairs = g_new (member_score_t, pairs_count);
    for (size_t index = 0; index < pairs_count; index++) {
        uint32_t member = (uint32_t) (index / partitions);
        uint32_t partition = (uint32_t) (index % partitions);
        pairs[index] = (member_score_t){s_score (&members[member], partition), member, partition};
    }
    qsort (pairs, pairs_count, sizeof *pairs, s_highest_first);
    for (uint32_t partition = 0; partition < partitions; partition++)
        owners[partition] = MEMBERS_MAX;
    uint32_t share = partitions / (uint32_t) count;
    uint32_t larger_shares = partitions % (uint32_t) count;
    for (size_t index = 0; index < pairs_count; index++) {
        const member_score_t *pair = &pairs[index];
        uint32_t *taken = &shares[pair->member];
        bool is_larger = *taken == share && larger_shares > 0;
        if (owners[pair->partition] != MEMBERS_MAX || (*taken >= share && !is_larger))
            continue;
        larger_shares -= is_larger;
        ++*taken;
        owners[pair->partition] = pair->member;
    }
    g_free (pairs);
}
