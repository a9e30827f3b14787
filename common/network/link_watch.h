//  Watches whether the link of a connected socket has broken. What was sent on a link that broke may be
//  lost, and nothing else says so. It belongs to the thread of its socket.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LINK_WATCH_H
#define DOWNLINK_LINK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

typedef struct link_watch link_watch_t;

//  Watch a ZeroMQ socket, which is borrowed, from before it is connected. NULL if that cannot be.
link_watch_t *link_watch_new (void *handle);

//  Stop watching, while the socket still is there.
void link_watch_destroy (link_watch_t **self_p);

//  Return how often the link has changed so far: it broke, or came back after it had broken. The first
//  link is no change.
uint64_t link_watch_changes (link_watch_t *self);

//  Return true if it is broken, as of the last look at the changes.
bool link_watch_is_broken (const link_watch_t *self);

#endif
