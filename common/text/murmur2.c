//  SPDX-License-Identifier: Apache-2.0
#include "common/text/murmur2.h"

#define SEED 0x9747b28cu
#define MULTIPLIER 0x5bd1e995u

//  Return the first bytes as a little-endian number, up to four of them.
static uint32_t
s_read (const uint8_t *bytes, size_t size)
{
    uint32_t number = 0;
    for (size_t index = 0; index < size && index < 4; index++)
        number |= (uint32_t) bytes[index] << 8 * index;
    return number;
}

uint32_t
murmur2 (text_t text)
{
    const uint8_t *bytes = (const uint8_t *) text.data;
    size_t left = text.size;
    uint32_t hash = SEED ^ (uint32_t) text.size;
    for (; left >= 4; bytes += 4, left -= 4) {
        uint32_t word = s_read (bytes, 4) * MULTIPLIER;
        word ^= word >> 24;
        hash = hash * MULTIPLIER ^ word * MULTIPLIER;
    }
    if (left > 0)
        hash = (hash ^ s_read (bytes, left)) * MULTIPLIER;
    hash ^= hash >> 13;
    hash *= MULTIPLIER;
    return hash ^ hash >> 15;
}
