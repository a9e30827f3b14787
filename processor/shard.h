//  One partition: its rockets, the epoch it is owned under, and what changed since it was last
//  saved. The processor's thread owns every shard.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SHARD_H
#define DOWNLINK_SHARD_H

#include "common/announcement.h"
#include "common/rocket.h"

typedef struct shard shard_t;

//  An empty shard. The pool is borrowed: all shards of a process share one.
shard_t *shard_new (owned_t owned, ordering_t ordering, text_pool_t *pool);

void shard_destroy (shard_t **self_p);

//  The partition and its epoch.
owned_t shard_owned (const shard_t *self);

//  Fold a message of this partition in; its rocket is made if it is the first.
fold_t shard_fold (shard_t *self, const message_t *message);

//  The rocket of that id, or NULL.
const rocket_t *shard_find (const shard_t *self, text_t id);

//  How many rockets there are.
size_t shard_size (const shard_t *self);

typedef void (shard_rocket_fn) (void *context, const rocket_t *rocket);

//  Show every rocket to a function, in no order.
void shard_each (const shard_t *self, shard_rocket_fn *function, void *context);

#endif
