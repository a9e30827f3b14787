//  Subscribes to the updates of one processor, on a socket of its own so that updates do not delay
//  acks, and notices a missed update. One thread owns a link.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UPDATE_LINK_H
#define DOWNLINK_UPDATE_LINK_H

#include "common/network/socket.h"
#include "query/protocol/rocket_update.h"

typedef struct update_link update_link_t;

//  Take an update, which is borrowed for the call.
typedef void (update_fn) (void *context, const rocket_update_t *update);

//  Connect to the events port of a processor, "tcp://address:port", without a subscription. If
//  links have keys, the processor must have the key server; NULL: the usual one (socket_keys.h).
//  Return NULL for an invalid endpoint.
update_link_t *update_link_new (const char *endpoint, const uint8_t *server);

void update_link_destroy (update_link_t **self_p);

//  Return the socket, borrowed, to wait for it.
socket_t *update_link_socket (update_link_t *self);

//  Subscribe to a rocket, or unsubscribe; NULL: all rockets. Subscribe to each id once.
void update_link_listen (update_link_t *self, const char *id);
void update_link_ignore (update_link_t *self, const char *id);

//  Ask for a sync with a number above all earlier ones. It comes when all subscriptions are in
//  effect.
void update_link_sync (update_link_t *self, uint64_t number);

//  Return the number of the last sync from the present processor; 0: none.
uint64_t update_link_synced (const update_link_t *self);

//  Return the id of the present processor, which sent the last message; zeros: none yet.
const uint8_t *update_link_processor (const update_link_t *self);

//  Return the time of the last message, on clock_ms; 0: none. A live processor sends one every 100
//  ms.
int64_t update_link_heard_ms (const update_link_t *self);

//  Take in messages and call update. Bounded; never waits. Return true if an update may be missing:
//  another processor sends, or the sequence has a gap while the link subscribes to all rockets.
bool update_link_run (update_link_t *self, update_fn *update, void *context)
    __attribute__ ((warn_unused_result));

#endif
