//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/shards.h"

static void
s_count (processor_counters_t *counters, fold_t fold)
{
    switch (fold) {
    case FOLD_APPLIED:
        counters->applied++;
        break;
    case FOLD_CLOSED_A_GAP:
        counters->applied++;
        counters->gaps_closed++;
        break;
    case FOLD_DUPLICATE:
        counters->duplicates++;
        break;
    case FOLD_CONFLICT:
        counters->conflicts++;
        break;
    case FOLD_FORGOTTEN:
        counters->ignored++;
        break;
    case FOLD_LATE:
        counters->late++;
        break;
    }
}

void
shards_fold (shards_t *self, shard_t *shard, const message_t *message)
{
    s_count (&self->counters, shard_fold (shard, message));
}

size_t
shards_rockets (const shards_t *self)
{
    size_t rockets = 0;
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        if (self->shards[partition])
            rockets += shard_size (self->shards[partition]);
    return rockets;
}

uint64_t
shards_unsaved (const shards_t *self)
{
    uint64_t unsaved = 0;
    for (uint32_t partition = 0; partition < self->partitions; partition++) {
        const shard_t *shard = self->shards[partition];
        unsaved += shard ? changes_unsaved (shard_changes (shard)) : 0;
    }
    return unsaved;
}

bool
shards_look_full (shards_t *self)
{
    bool was_full = self->is_full;
    self->is_full = self->rockets_limit > 0 && shards_rockets (self) >= self->rockets_limit;
    return self->is_full != was_full;
}

void
shards_statuses (const shards_t *self, uint64_t statuses[ROCKET_STATUSES])
{
    memset (statuses, 0, ROCKET_STATUSES * sizeof *statuses);
    for (uint32_t partition = 0; partition < self->partitions; partition++) {
        const shard_t *shard = self->shards[partition];
        for (size_t status = 0; shard && !shard_is_leaving (shard) && status < ROCKET_STATUSES;
             status++)
            statuses[status] += shard_statuses (shard)[status];
    }
}

uint32_t
shards_owned (const shards_t *self, owned_t *owned)
{
    uint32_t count = 0;
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        if (self->shards[partition] && !shard_is_leaving (self->shards[partition]))
            owned[count++] = shard_owned (self->shards[partition]);
    return count;
}
