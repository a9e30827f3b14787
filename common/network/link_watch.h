//  Watch the link of a connected socket. Messages sent on a link that broke may be lost, and libzmq
//  does not report that otherwise. A watch belongs to the thread of its socket.
//
//  A watch also bounds what waits in the socket. libzmq bounds each part of a message, but not the
//  number of parts, and keeps all parts until the last one arrives. A limit on waiting messages
//  (ZMQ_RCVHWM) does not bound those, and lets a peer abort the process (visitor.c), so connected
//  sockets have none. Instead the owner looks from time to time how many bytes libzmq has read, and
//  how many of them it has received itself. It ends a connection
//
//    whose message does not end: the socket is empty, and 64 KiB more than the largest part have
//    come since the last message
//    that sends faster than the owner receives: waiting messages take about LINK_WAITING_BYTES
//
//  libzmq then makes the connection again.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LINK_WATCH_H
#define DOWNLINK_LINK_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_WAITING_BYTES ((uint64_t) 128 * 1024 * 1024)  //  of memory

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

//  Return true, once a second at most, if libzmq has given the link up: it does so after a mistake of
//  the peer. Then the owner connects the socket again.
bool link_watch_is_given_up (link_watch_t *self);

//  Note that the owner has received a part of this size.
void link_watch_received (link_watch_t *self, size_t size);

//  Count the bytes that libzmq has read. Then the owner looks whether the socket has a message for
//  it, and calls link_watch_bound.
void link_watch_count (link_watch_t *self);

//  End the connection if too many of the counted bytes wait. is_empty: the socket has no message.
void link_watch_bound (link_watch_t *self, bool is_empty);

#endif
