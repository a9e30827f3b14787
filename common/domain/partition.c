//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/partition.h"

#include <glib.h>
#include <librdkafka/rdkafka.h>

#include "common/text/text_hash.h"

static const char *const s_names[] = {
    [PARTITIONER_XXH3] = "xxh3",
    [PARTITIONER_MURMUR2] = "murmur2",
};

bool
layout_equal (layout_t a, layout_t b)
{
    return a.partitions == b.partitions && a.partitioner == b.partitioner;
}

const char *
partitioner_name (partitioner_t partitioner)
{
    return s_names[partitioner];
}

bool
partitioner_of (text_t name, partitioner_t *partitioner)
{
    for (size_t index = 0; index < G_N_ELEMENTS (s_names); index++)
        if (text_equal (name, text_from (s_names[index]))) {
            *partitioner = (partitioner_t) index;
            return true;
        }
    return false;
}

uint32_t
partition_of (text_t channel, layout_t layout)
{
    g_assert (layout.partitions >= 1 && layout.partitions <= PARTITIONS_MAX);
    switch (layout.partitioner) {
    case PARTITIONER_XXH3:
        return (uint32_t) (text_hash (channel) % layout.partitions);
    case PARTITIONER_MURMUR2:
        return (uint32_t) rd_kafka_msg_partitioner_murmur2 (
            NULL, channel.data, channel.size, (int32_t) layout.partitions, NULL, NULL);
    }
    g_assert_not_reached ();
}
