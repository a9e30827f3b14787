//  Read the records of a bus: lines of JSON, as POST /messages takes them, with the same reader and
//  the same rules. A record counts as a whole or not at all. The processor's thread owns a reader.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RECORD_READER_H
#define DOWNLINK_RECORD_READER_H

#include "processor/shard/shards.h"

#define RECORD_MAX_BYTES (8 * 1024 * 1024)

typedef struct record_reader record_reader_t;

//  Create a reader. It borrows the shards.
record_reader_t *record_reader_new (shards_t *shards);

void record_reader_destroy (record_reader_t **self_p);

//  Fold the messages of a record into the shard of its partition. Return NULL, or the reason why
//  the record is bad, valid until the next call: then nothing was folded.
//
//  Each message must belong to the partition. If the record has a key (it has data), the key must
//  be the channel of each message.
const char *record_reader_fold (record_reader_t *self, shard_t *shard, text_t key, text_t value)
    __attribute__ ((warn_unused_result));

#endif
