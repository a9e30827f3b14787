//  Who listens to what, from the messages that an XPUB hears: so that no rocket is packed that
//  nobody wants to hear of. A subscription belongs to the connection that it came by. Only that
//  connection takes it back, by a message or by its end; an unsubscription of a topic that the
//  connection never had changes nothing.
//
//  Subscriptions are bounded, since libzmq keeps each in a table of its own: each takes its size
//  and SUBSCRIPTION_ROOM_BYTES of room (libzmq takes 50 to 2,000 times as much, by the topic's
//  bytes). A connection that takes more than SUBSCRIPTIONS_MAX_BYTES is ended, and when all
//  together take more than LISTENERS_ALL_BYTES the one that takes the most is ended; libzmq then
//  gives back what it kept for it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LISTENERS_H
#define DOWNLINK_LISTENERS_H

#include "common/network/visitor.h"
#include "common/text/text.h"

#define LISTENERS_ALL_BYTES (2 * 1024 * 1024)
#define LISTENERS_PEER_SYNCS 4  //  each costs a message every 100 ms; those beyond are not told

typedef struct listeners listeners_t;

listeners_t *listeners_new (void);

void listeners_destroy (listeners_t **self_p);

//  Take in a message of the socket and the connection that it came by: a byte, 1 to subscribe and 0
//  to unsubscribe, and the topic. Return the topic, borrowed, if it is a sync that is new; else
//  none.
text_t listeners_take (listeners_t *self, visitor_t visitor, text_t message);

//  Forget the subscriptions of connections that are gone. Takes a system call for each connection.
void listeners_forget_gone (listeners_t *self);

//  Return how many connections were ended because they took too much room.
uint64_t listeners_ended (const listeners_t *self);

//  True if somebody listens to some rocket, to any rocket, or to this one.
bool listeners_want_some (const listeners_t *self);
bool listeners_want (const listeners_t *self, text_t id);

typedef void (listeners_sync_fn) (void *context, text_t topic);

//  Show the topics of all syncs that are listened to; one that two peers listen to is shown twice.
void listeners_each_sync (const listeners_t *self, listeners_sync_fn *function, void *context);

#endif
