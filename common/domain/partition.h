//  The partition of a channel: XXH3_64bits (channel) mod P. It is part of the protocol: another
//  hash would send every rocket to another owner.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PARTITION_H
#define DOWNLINK_PARTITION_H

#include <stdint.h>

#include "common/text/text.h"

#define PARTITIONS_MAX 1024
#define PARTITIONS_DEFAULT 16

//  Return the partition of a channel, 0 to partitions - 1. partitions is 1 to PARTITIONS_MAX.
uint32_t partition_of (text_t channel, uint32_t partitions);

#endif
