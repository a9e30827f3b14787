//  All shards of this process, by partition, and the counters of the process. Queries and frames
//  find their rockets here. The processor's thread owns the shards.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SHARDS_H
#define DOWNLINK_SHARDS_H

#include "processor/own/share_partitions.h"
#include "processor/shard/processor_metrics.h"
#include "processor/shard/shard.h"

//  How far the saved state of a partition is behind a bus that keeps the messages.
typedef struct {
    uint64_t messages;
    uint64_t age_ms;  //  of the oldest message, if the bus knows it
    bool is_known;    //  false: the bus has not reported yet
} lag_t;

typedef struct {
    uint8_t processor[PROCESSOR_ID_SIZE];
    state_id_t state;                 //  UUID of the state
    state_ancestors_t ancestors;      //  of the state
    uint32_t partitions;              //  P
    partitioner_t partitioner;        //  of the state
    shard_t *shards[PARTITIONS_MAX];  //  by partition; NULL: not held here
    const member_id_t *members;       //  borrowed from the ownership
    size_t members_count;
    const member_endpoint_t
        *endpoints;  //  of the members, in the same order; borrowed from the ownership
    store_health_t store;
    bus_health_t bus;
    lag_t lags[PARTITIONS_MAX];  //  by partition
    processor_counters_t counters;
    processor_latencies_t latencies;
    int64_t started_ms;
    uint64_t rockets_limit;  //  0: none
    bool is_full;            //  this process holds rockets_limit rockets, or more
} shards_t;

//  Return P and the partition function.
static inline layout_t
shards_layout (const shards_t *self)
{
    return (layout_t){self->partitions, self->partitioner};
}

//  Fold a message into a shard, and count it.
void shards_fold (shards_t *self, shard_t *shard, const message_t *message);

//  Return the number of rockets in all shards.
size_t shards_rockets (const shards_t *self);

//  Return the number of messages in all shards that are folded and not saved.
uint64_t shards_unsaved (const shards_t *self);

//  Update is_full. Return true if it has changed.
bool shards_look_full (shards_t *self);

//  Write the number of rockets of each status in the partitions that this processor owns and that
//  are not leaving, by rocket_status_t.
void shards_statuses (const shards_t *self, uint64_t statuses[ROCKET_STATUSES]);

//  Write the partitions that this processor owns and that are not leaving, in rising order, into
//  owned, which has room for PARTITIONS_MAX. Return their number.
uint32_t shards_owned (const shards_t *self, owned_t *owned);

#endif
