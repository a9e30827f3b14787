//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/shards.h"

size_t
shards_rockets (const shards_t *self)
{
    size_t rockets = 0;
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        if (self->shards[partition])
            rockets += shard_size (self->shards[partition]);
    return rockets;
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
