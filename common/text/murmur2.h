//  MurmurHash2 with 32 bits, by Austin Appleby, with the seed that Kafka's producers use. Another
//  program that writes to a topic puts each key into the partition that this hash gives.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MURMUR2_H
#define DOWNLINK_MURMUR2_H

#include <stdint.h>

#include "common/text/text.h"

//  Return the hash of the bytes.
uint32_t murmur2 (text_t text);

#endif
