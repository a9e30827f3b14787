//  Publish the newest saved state of each rocket that changed, at most once every
//  UPDATE_INTERVAL_MS. A rocket that waits for its update has a mark and a place in a list. So if a
//  million rockets change at once, they take turns, and each is published once. While there are no
//  subscribers, no rocket is noted or packed. The processor's thread owns the sender.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UPDATE_SENDER_H
#define DOWNLINK_UPDATE_SENDER_H

#include "common/network/socket.h"
#include "processor/shard/shards.h"

#define UPDATE_INTERVAL_MS 100

typedef struct update_sender update_sender_t;

//  Create a sender. Both arguments are borrowed. The subscriptions come in on the events socket.
update_sender_t *update_sender_new (shards_t *shards, socket_t *events);

void update_sender_destroy (update_sender_t **self_p);

//  Note that rockets of a partition were saved under its epoch, as the views (rocket_view_t *) show
//  them. Call it before changes_end_save.
void update_sender_saved (update_sender_t *self, owned_t owned, const GPtrArray *views);

//  Handle subscriptions and publish due rockets, for a bounded time. Never wait.
void update_sender_run (update_sender_t *self);

//  Return the longest time until the next run, in milliseconds. INT64_MAX: there are no
//  subscribers.
int64_t update_sender_timeout_ms (const update_sender_t *self);

#endif
