//  Hash the keys of tables in memory that a client or another process chooses, for example the ids
//  of rockets. The hash depends on a secret of this process. So no client can choose many keys
//  whose hashes are alike, which would make each search read all of them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TABLE_HASH_H
#define DOWNLINK_TABLE_HASH_H

#include <stdint.h>

#include "common/text/text.h"

//  Return the hash. It differs from process to process, so it belongs in no file and no message.
uint64_t table_hash (text_t key);

//  Return the hash as the 32 bits that a GHashTable needs.
uint32_t table_hash_32 (text_t key);

#endif
