//  ZeroMQ sockets, made and bounded in one place: linger, high-water marks, largest message,
//  probes and time-outs are set here and nowhere else. No call but those of socket_poll ever waits.
//  A socket belongs to the thread that made it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SOCKET_H
#define DOWNLINK_SOCKET_H

#include <stdint.h>

#include "common/network/visitor.h"
#include "common/text/text.h"

typedef enum {
    SOCKET_PUSH,    //  frames out, to one processor
    SOCKET_PULL,    //  frames in
    SOCKET_PUB,     //  announcements, acks and updates out; each peer's subscriptions come in
    SOCKET_SUB,     //  and in
    SOCKET_DEALER,  //  queries out, many at a time
    SOCKET_REQ,     //  queries out, one at a time
    SOCKET_ROUTER,  //  and in: the first part is the client's routing id, in both directions
} socket_kind_t;

typedef struct socket socket_t;

//  Once in main, before any thread and any socket: ZeroMQ without signal handlers of its own, and with
//  as many sockets as it can have.
void socket_setup (void);

//  Bind a socket to a TCP address ("127.0.0.1", "0.0.0.0", "::1") and port. The connections that others
//  make to it are bounded (doorkeeper.h). Return NULL if that cannot be, with errno set (EADDRINUSE, ...).
socket_t *socket_bind (socket_kind_t kind, const char *address, uint16_t port);

//  A socket connected to "tcp://address:port"; it keeps trying for as long as it lives.
//  NULL for an endpoint that is none.
socket_t *socket_connect (socket_kind_t kind, const char *endpoint);

//  What was not sent yet is thrown away: acks, not lingering, keep things safe.
void socket_destroy (socket_t **self_p);

//  How often the link of a connected PUSH has changed so far: it broke, or came back. What was sent
//  before a change may be lost, and so may what is sent while it is broken, though it is taken.
uint64_t socket_link_changes (const socket_t *self, bool *is_broken);

//  Where a bound socket listens, as "tcp://address:port".
const char *socket_endpoint (const socket_t *self);

//  A SUB takes what begins with this topic from now on.
void socket_subscribe (socket_t *self, const char *topic);

//  And from now on no more.
void socket_unsubscribe (socket_t *self, const char *topic);

//  Send one part of a message, the bytes copied; more says that parts follow. False if the peer
//  takes nothing now (or, on a PUB, never: it drops); then nothing was sent.
bool socket_send (socket_t *self, const void *bytes, size_t size, bool more)
    __attribute__ ((warn_unused_result));

//  Frees the bytes of a part, with the hint that was given; called by any thread.
typedef void (socket_release_fn) (void *bytes, void *hint);

//  Send the last part of a message without copying it: the bytes are released when the kernel has
//  taken them, when the peer is gone, or at once if this returns false.
bool socket_send_owned (socket_t *self, text_t bytes, socket_release_fn *release, void *hint)
    __attribute__ ((warn_unused_result));

//  Receive one part, if one is there. The bytes are the socket's, good until the next receive.
//  *more says that further parts of the same message follow; they are there at once. A socket in
//  which socket_poll has found nothing has nothing until it is looked at again.
bool socket_receive (socket_t *self, text_t *bytes, bool *more)
    __attribute__ ((warn_unused_result));

//  Return the connection by which the part received last has come. Its cookie is 0 if the connection
//  is gone, and for the unsubscriptions that a PUB makes for a peer that has gone.
visitor_t socket_visitor (const socket_t *self);

//  Return how many silent connections to a bound socket were ended to make room for others.
uint64_t socket_ended (const socket_t *self);

//  One of the things waited for: a socket, or else a descriptor.
typedef struct {
    socket_t *socket;
    int fd;
    bool ready;  //  set by socket_poll: something can be received
} socket_item_t;

//  Wait until one of the items is ready or the time is over, or a signal comes.
void socket_poll (socket_item_t *items, size_t count, int64_t timeout_ms);

//  The same, for so many microseconds.
void socket_poll_us (socket_item_t *items, size_t count, int64_t timeout_us);

#endif
