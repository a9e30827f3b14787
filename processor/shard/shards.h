//  The shards of this process by partition, and what was counted in them. Answers and frames both
//  find their rockets here. The processor's thread owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SHARDS_H
#define DOWNLINK_SHARDS_H

#include "processor/own/share_partitions.h"
#include "processor/shard/processor_metrics.h"
#include "processor/shard/shard.h"

typedef struct {
    uint8_t processor[PROCESSOR_ID_SIZE];
    state_id_t state;                 //  the state's identity
    uint32_t partitions;              //  P
    shard_t *shards[PARTITIONS_MAX];  //  by partition; NULL: not held here
    const member_id_t *members;       //  the processors there are; borrowed from the ownership
    size_t members_count;
    const member_endpoint_t *endpoints;  //  where each of them is reached; borrowed likewise
    processor_counters_t counters;
    processor_latencies_t latencies;
    int64_t started_ms;
} shards_t;

//  How many rockets there are in all shards.
size_t shards_rockets (const shards_t *self);

//  The partitions that are owned here, and not leaving, in rising order; owned has room for
//  PARTITIONS_MAX. Returns how many there are.
uint32_t shards_owned (const shards_t *self, owned_t *owned);

#endif
