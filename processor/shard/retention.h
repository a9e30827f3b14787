//  Forget exploded rockets that have not changed for long, and end rockets that were forgotten long
//  ago (shard.h). Each turn looks at a bounded number of rockets, partition after partition. The
//  processor's thread owns the retention.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RETENTION_H
#define DOWNLINK_RETENTION_H

#include "processor/shard/shards.h"

typedef struct {
    //  An exploded rocket is forgotten once to twice this time after its last change, or after its
    //  partition was loaded; 0: never.
    uint64_t forget_exploded_ms;
    uint64_t remember_ms;  //  a forgotten rocket ends after this time; at least REMEMBER_MIN_MS
} retention_config_t;

//  Zeroed memory is at the start.
typedef struct {
    retention_config_t config;
    int64_t next_ms;    //  when to look again
    uint32_t ending;    //  the next partition whose forgotten rockets may end
    uint32_t sweeping;  //  partition of the sweep
    size_t place;       //  next place of the sweep in that partition
    bool is_sweeping;
    int64_t sweep_at_ms;  //  when the next sweep begins
    uint64_t swept;       //  rockets that this sweep has forgotten
} retention_t;

//  Look at some rockets. now_ms is the time of clock_ms, now_us the time since 1970.
void retention_run (retention_t *self, shards_t *shards, int64_t now_ms, int64_t now_us);

//  Return the longest wait before the next run; INT64_MAX: no limit.
int64_t retention_timeout_ms (const retention_t *self, int64_t now_ms);

#endif
