//  From the shards to the store, on a thread of its own: what changed is saved, and acknowledged once
//  it is. Frames and questions never wait for the disk; a round of saves begins when the last is done,
//  and is bounded.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SHARD_SAVER_H
#define DOWNLINK_SHARD_SAVER_H

#include "common/network/socket.h"
#include "processor/save/store.h"
#include "processor/shard/shards.h"
#include "processor/tell/update_sender.h"

typedef struct shard_saver shard_saver_t;

//  All are borrowed; the store is the saver's alone as long as it lives.
shard_saver_t *shard_saver_new (
    shards_t *shards, store_t *store, socket_t *events, update_sender_t *updates);

//  Waits for the round that is under way; what came of it is not looked at.
void shard_saver_destroy (shard_saver_t **self_p);

//  Readable when there is something to run for.
int shard_saver_fd (const shard_saver_t *self);

//  When to run at the latest, in milliseconds from now: it waits a while after a round that failed, and
//  between rounds while much comes in. INT64_MAX: it waits for nothing but its descriptor.
int64_t shard_saver_timeout_ms (const shard_saver_t *self);

//  Publish the acks and the updates of the round that is done, and begin the next. False if the store
//  is broken: the process must stop, and nothing more leaves it. A partition that somebody else has
//  taken is let go.
bool shard_saver_run (shard_saver_t *self) __attribute__ ((warn_unused_result));

//  Return true while a round of saves is under way.
bool shard_saver_is_saving (const shard_saver_t *self);

//  True if everything of a partition is saved and acknowledged.
bool shard_saver_is_through (const shard_saver_t *self, uint32_t partition);

#endif
