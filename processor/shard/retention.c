//  A sweep walks over all rockets. It marks exploded rockets as quiet, a change removes the mark,
//  and the next sweep forgets the rockets that still have it. So no rocket needs a time stamp for
//  this.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/retention.h"

#include "common/process/log.h"

#define INTERVAL_MS 10
#define PLACES_PER_RUN 1024
#define ENDED_PER_RUN 256

//  Return the next partition behind this one; *is_last: there was none.
static uint32_t
s_next (const shards_t *shards, uint32_t partition, bool *is_last)
{
    *is_last = partition + 1 >= shards->partitions;
    return *is_last ? 0 : partition + 1;
}

static void
s_end_some (retention_t *self, shards_t *shards, int64_t now_us)
{
    bool is_last = false;
    if (self->ending >= shards->partitions)
        self->ending = 0;
    shard_t *shard = shards->shards[self->ending];
    if (shard && !shard_is_leaving (shard))
        shard_end_forgotten (
            shard, now_us - 1000 * (int64_t) self->config.remember_ms, ENDED_PER_RUN);
    self->ending = s_next (shards, self->ending, &is_last);
}

static void
s_end_sweep (retention_t *self, int64_t now_ms)
{
    self->is_sweeping = false;
    self->sweep_at_ms = now_ms + (int64_t) self->config.forget_exploded_ms;
    if (self->swept > 0)
        log_event (LOG_INFO, "exploded rockets were forgotten", "rockets=%llu",
            (unsigned long long) self->swept);
    self->swept = 0;
}

static void
s_sweep_some (retention_t *self, shards_t *shards, int64_t now_ms, int64_t now_us)
{
    shard_t *shard = shards->shards[self->sweeping];
    bool is_last = false;
    if (shard && !shard_is_leaving (shard)) {
        guint forgotten = shard_sweep (shard, &self->place, PLACES_PER_RUN, now_us);
        self->swept += forgotten;
        shards->counters.forgotten += forgotten;
    }
    else
        self->place = 0;
    if (self->place == 0)
        self->sweeping = s_next (shards, self->sweeping, &is_last);
    if (is_last)
        s_end_sweep (self, now_ms);
}

void
retention_run (retention_t *self, shards_t *shards, int64_t now_ms, int64_t now_us)
{
    if (now_ms < self->next_ms || shards->partitions == 0)
        return;
    self->next_ms = now_ms + INTERVAL_MS;
    s_end_some (self, shards, now_us);
    if (self->config.forget_exploded_ms == 0)
        return;
    if (!self->is_sweeping && now_ms >= self->sweep_at_ms) {
        self->is_sweeping = true;
        self->sweeping = 0;
        self->place = 0;
    }
    if (self->is_sweeping)
        s_sweep_some (self, shards, now_ms, now_us);
}

int64_t
retention_timeout_ms (const retention_t *self, int64_t now_ms)
{
    if (self->is_sweeping)
        return MAX (0, self->next_ms - now_ms);
    return self->config.forget_exploded_ms ? MAX (0, self->sweep_at_ms - now_ms) : INT64_MAX;
}
