//  What is listened to, as an XPUB hears it: so that no rocket is packed that nobody wants to hear of.
//  It holds no more than ZeroMQ's own table of the same topics does.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LISTENERS_H
#define DOWNLINK_LISTENERS_H

#include "common/text.h"

typedef struct listeners listeners_t;

listeners_t *listeners_new (void);

void listeners_destroy (listeners_t **self_p);

//  Take in what the socket received: a byte, 1 for the first who listens to a topic and 0 for the
//  last one gone, and the topic. Returns the topic, borrowed, if it is a sync that is new; else none.
text_t listeners_take (listeners_t *self, text_t message);

//  True if somebody listens to some rocket, to any rocket, or to this one.
bool listeners_want_some (const listeners_t *self);
bool listeners_want (const listeners_t *self, text_t id);

typedef void (listeners_sync_fn) (void *context, text_t topic);

//  Show the topics of all syncs that are listened to.
void listeners_each_sync (const listeners_t *self, listeners_sync_fn *function, void *context);

#endif
