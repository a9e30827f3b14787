//  The shards of this process by partition, and what was counted in them. Answers and frames both
//  find their rockets here. The processor's thread owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SHARDS_H
#define DOWNLINK_SHARDS_H

#include "processor/shard.h"

//  Everything a processor counts: field, name in stats, what it is. One list for all uses.
#define PROCESSOR_COUNTERS(X)                                                                      \
    X (frames, "frames", "frames that were taken in")                                              \
    X (frames_foreign, "framesForeign", "frames for a partition that is not owned here: ignored")  \
    X (frames_refused, "framesRefused", "frames that were no frames, or broke a rule: ignored")    \
    X (applied, "messagesApplied", "messages that count")                                          \
    X (duplicates, "duplicates", "messages whose number was counted before")                       \
    X (conflicts, "conflicts", "the same, with other content")                                     \
    X (late, "late", "messages not above the highest number (ordering latest)")                    \
    X (gaps_closed, "gapsClosed", "gaps given up because a rocket had too many")                   \
    X (queries, "queries", "questions that were answered")

typedef struct {
#define X(field, name, help) uint64_t field;
    PROCESSOR_COUNTERS (X)
#undef X
} processor_counters_t;

typedef struct {
    uint8_t processor[PROCESSOR_ID_SIZE];
    uint32_t partitions;              //  P
    shard_t *shards[PARTITIONS_MAX];  //  by partition; NULL: not owned here
    processor_counters_t counters;
    int64_t started_ms;
} shards_t;

//  How many rockets there are in all shards.
size_t shards_rockets (const shards_t *self);

//  The partitions that are owned here, in rising order; owned has room for PARTITIONS_MAX. Returns
//  how many there are.
uint32_t shards_owned (const shards_t *self, owned_t *owned);

#endif
