//  The hash is part of the protocol: changing it would send every rocket to another owner.
//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/partition.h"

#include <glib.h>
#include <xxhash.h>

uint64_t
channel_hash (text_t channel)
{
    return XXH3_64bits (channel.data, channel.size);
}

uint32_t
partition_of (text_t channel, uint32_t partitions)
{
    g_assert (partitions >= 1 && partitions <= PARTITIONS_MAX);
    return (uint32_t) (channel_hash (channel) % partitions);
}
