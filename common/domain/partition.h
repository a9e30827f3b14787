//  Find the partition of a channel. The function and P are part of the protocol and of every state:
//  with others, nearly every rocket would be in another partition.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PARTITION_H
#define DOWNLINK_PARTITION_H

#include <stdint.h>

#include "common/text/text.h"

#define PARTITIONS_MAX 1024
#define PARTITIONS_DEFAULT 16

//  The partition functions.
typedef enum {
    PARTITIONER_XXH3,     //  XXH3_64bits (channel) mod P
    PARTITIONER_MURMUR2,  //  as Kafka's producers: (murmur2 (channel) & 0x7fffffff) mod P
} partitioner_t;

//  The division of channels into partitions. Zeroed memory is an unknown layout.
typedef struct {
    uint32_t partitions;  //  P, 1 to PARTITIONS_MAX; 0: not known
    partitioner_t partitioner;
} layout_t;

bool layout_equal (layout_t a, layout_t b);

//  Return "xxh3" or "murmur2".
const char *partitioner_name (partitioner_t partitioner);

//  Set *partitioner to the function with this name. Return false for an unknown name.
bool partitioner_of (text_t name, partitioner_t *partitioner) __attribute__ ((warn_unused_result));

//  Return the partition of a channel, 0 to P - 1. The layout must be known.
uint32_t partition_of (text_t channel, layout_t layout);

#endif
