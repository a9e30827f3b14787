//  Tells those who listen which rockets have changed: the newest saved state of each, at most every
//  UPDATE_INTERVAL_MS. What waits to be told is a mark on the rocket and its place in a list, so a
//  million rockets that change at once take turns, and none is told twice for it. While nobody
//  listens nothing is remembered, let alone packed.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SEND_UPDATES_H
#define DOWNLINK_SEND_UPDATES_H

#include "common/network/socket.h"
#include "processor/shard/shards.h"

#define UPDATE_INTERVAL_MS 100

typedef struct update_sender update_sender_t;

//  Both are borrowed. What others listen to comes in on the events socket, too.
update_sender_t *update_sender_new (shards_t *shards, socket_t *events);

void update_sender_destroy (update_sender_t **self_p);

//  Rockets of a partition were saved, under its epoch, as these views (rocket_view_t *) show them.
//  To be called before the shard is told that the save has ended.
void update_sender_saved (update_sender_t *self, owned_t owned, const GPtrArray *views);

//  Hear who listens, and tell what is due. Bounded; never waits.
void update_sender_run (update_sender_t *self);

//  When to run at the latest, in milliseconds from now. INT64_MAX: nobody listens.
int64_t update_sender_timeout_ms (const update_sender_t *self);

#endif
