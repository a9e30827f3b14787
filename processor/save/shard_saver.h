//  Save the changed rockets and the positions of the shards to the store, on a separate thread;
//  then publish the acks and tell the source. Messages and queries never wait for the disk. A round
//  of saves is bounded, and the next round begins when the last one is done. The processor's thread
//  owns the saver.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SHARD_SAVER_H
#define DOWNLINK_SHARD_SAVER_H

#include "common/network/socket.h"
#include "processor/intake/source.h"
#include "processor/save/store.h"
#include "processor/shard/shards.h"
#include "processor/tell/update_sender.h"

typedef struct shard_saver shard_saver_t;

//  Create a saver. It borrows all arguments. While it lives, only its thread saves to the store.
//  Return NULL if there can be no thread; then the log says why.
shard_saver_t *shard_saver_new (shards_t *shards, store_t *store, source_t *source,
    socket_t *events, update_sender_t *updates) __attribute__ ((warn_unused_result));

//  Wait for the current round to end, ignore its result, and free the saver.
void shard_saver_destroy (shard_saver_t **self_p);

//  Return the descriptor that becomes readable when a round is done.
int shard_saver_fd (const shard_saver_t *self);

//  Return the longest time until the next run, in milliseconds; INT64_MAX: wait only for the
//  descriptor. The saver pauses after a failed round, and between rounds while many frames come in.
int64_t shard_saver_timeout_ms (const shard_saver_t *self);

//  Publish the acks and the updates of a round that is done, and begin the next. Destroy the shard
//  of each partition that another processor has taken. Return false if the store is broken: the
//  process must stop and publish nothing more.
bool shard_saver_run (shard_saver_t *self) __attribute__ ((warn_unused_result));

//  Return true during a round.
bool shard_saver_is_saving (const shard_saver_t *self);

//  Return true if all changes of a partition are saved and acknowledged.
bool shard_saver_is_through (const shard_saver_t *self, uint32_t partition);

#endif
