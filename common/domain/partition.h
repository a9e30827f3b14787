//  Which partition a channel belongs to: XXH3_64bits (channel) mod P, fixed for ever.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PARTITION_H
#define DOWNLINK_PARTITION_H

#include <stdint.h>

#include "common/text/text.h"

#define PARTITIONS_MAX 1024
#define PARTITIONS_DEFAULT 16

//  XXH3_64bits of a channel, or of any other text: partition_of's hash, for hash tables.
uint64_t channel_hash (text_t channel);

//  The partition of a channel, 0 to partitions - 1. partitions is 1 to PARTITIONS_MAX.
uint32_t partition_of (text_t channel, uint32_t partitions);

#endif
