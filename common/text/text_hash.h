//  The hash of a text: XXH3_64bits of its bytes, for checksums and partitions. Tables in memory have
//  table_hash, whose hashes nobody can foresee.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TEXT_HASH_H
#define DOWNLINK_TEXT_HASH_H

#include <stdint.h>

#include "common/text/text.h"

//  Return the hash. It is part of the protocol (partition.h) and of files, so it never changes.
uint64_t text_hash (text_t text);

#endif
