//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/partition.h"

#include <glib.h>

#include "common/text/text_hash.h"

uint32_t
partition_of (text_t channel, uint32_t partitions)
{
    g_assert (partitions >= 1 && partitions <= PARTITIONS_MAX);
    return (uint32_t) (text_hash (channel) % partitions);
}
