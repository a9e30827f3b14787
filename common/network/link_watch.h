//  Watch whether the link of a connected socket breaks. Messages sent on a broken link may be lost,
//  and libzmq does not report that otherwise. A watch belongs to the thread of its socket.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LINK_WATCH_H
#define DOWNLINK_LINK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

typedef struct link_watch link_watch_t;

//  Watch a ZeroMQ socket of this context; both are borrowed. Call it before the socket is
//  connected. Return NULL with errno set on failure.
link_watch_t *link_watch_new (void *context, void *handle);

//  Stop watching. Call it before the socket is closed.
void link_watch_destroy (link_watch_t **self_p);

//  Return how often the link has broken or come back so far. The first link does not count.
uint64_t link_watch_changes (link_watch_t *self);

//  Return true if the link was broken at the last call of link_watch_changes.
bool link_watch_is_broken (const link_watch_t *self);

//  Return true if the last handshake had failed by then: the peer has refused this side, or has
//  another key than this side expects.
bool link_watch_was_refused (const link_watch_t *self);

#endif
