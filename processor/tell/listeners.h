//  The subscriptions of the events socket, an XPUB, so that the processor packs no rocket without
//  subscribers. A subscription belongs to its connection. It ends with the connection, or when the
//  same connection unsubscribes. Unsubscribing from a topic that the connection does not have
//  changes nothing.
//
//  Subscriptions are bounded, because libzmq keeps a copy of each, and walks through the copies of
//  all connections when one ends: at the bound that takes about 3 ms of the caller's thread. A
//  subscription counts as its bytes and SUBSCRIPTION_ROOM_BYTES (libzmq takes 50 to 2,000 times the
//  topic's bytes). These functions end a connection with more than SUBSCRIPTIONS_MAX_BYTES, and the
//  largest connection if all together have more than LISTENERS_ALL_BYTES. libzmq then frees its
//  copies.
//
//  The processor's thread owns the listeners.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LISTENERS_H
#define DOWNLINK_LISTENERS_H

#include "common/network/visitor.h"
#include "common/text/text.h"

#define LISTENERS_ALL_BYTES (128 * 1024)
#define LISTENERS_PEER_SYNCS 4  //  each costs a message every 100 ms; further ones get none

typedef struct listeners listeners_t;

listeners_t *listeners_new (void);

void listeners_destroy (listeners_t **self_p);

//  Handle a message that a visitor has sent to the socket: a byte, 1 to subscribe or 0 to
//  unsubscribe, and the topic. Return the topic, borrowed, if it is a new sync topic, else no text.
text_t listeners_take (listeners_t *self, visitor_t visitor, text_t message);

//  Remove the subscriptions of connections that are gone. This costs a system call for each
//  connection.
void listeners_forget_gone (listeners_t *self);

//  Return the number of connections ended for too many subscriptions.
uint64_t listeners_ended (const listeners_t *self);

//  Return true if any rocket has a subscriber, or if the rocket with this id has one.
bool listeners_want_some (const listeners_t *self);
bool listeners_want (const listeners_t *self, text_t id);

typedef void (listeners_sync_fn) (void *context, text_t topic);

//  Call function with each subscribed sync topic; twice if two connections subscribe to it.
void listeners_each_sync (const listeners_t *self, listeners_sync_fn *function, void *context);

#endif
