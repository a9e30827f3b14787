//  ZeroMQ sockets. Only this module sets linger, high-water marks, the largest message, probes and
//  time-outs. Only socket_poll and socket_poll_us wait. A socket belongs to the thread that made
//  it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SOCKET_H
#define DOWNLINK_SOCKET_H

#include <stdint.h>

#include "common/network/visitor.h"
#include "common/text/text.h"

typedef enum {
    SOCKET_PUSH,    //  frames out, to one processor
    SOCKET_PULL,    //  frames in
    SOCKET_SHUT,    //  a PULL that is never read: it has an endpoint, and takes no frames
    SOCKET_PUB,     //  announcements, acks and updates out; subscriptions in
    SOCKET_SUB,     //  announcements, acks and updates in
    SOCKET_DEALER,  //  queries out, many at a time
    SOCKET_REQ,     //  queries out, one at a time
    SOCKET_ROUTER,  //  queries in; the first part is the client's routing id, in both directions
} socket_kind_t;

typedef struct socket socket_t;

//  Set up ZeroMQ for as many sockets as possible, and let it start its threads. Call once in main,
//  before any thread but the log's or any socket exists. At its exit the process waits for the last
//  messages of closed sockets. Return false if there can be no socket; then the log says why. If
//  there can be no thread, end the process (thread_guard).
bool socket_setup (void) __attribute__ ((warn_unused_result));

//  Return the context of all sockets.
void *socket_context (void);

//  The right that a client of a bound socket needs, if links have keys (socket_keys.h): to push
//  frames, or to ask and to hear events.
#define SOCKET_DOMAIN_PUSH "push"
#define SOCKET_DOMAIN_ASK "ask"

//  Bind a socket to a TCP address ("127.0.0.1", "0.0.0.0", "::1") and port. A doorkeeper bounds its
//  connections (doorkeeper.h). Return NULL with errno set on failure (EADDRINUSE, ...).
socket_t *socket_bind (socket_kind_t kind, const char *address, uint16_t port);

//  Connect a socket to "tcp://address:port". The socket retries as long as it lives. Return NULL
//  with errno set for an endpoint of another form, or if the process has too many sockets.
socket_t *socket_connect (socket_kind_t kind, const char *endpoint);

//  Connect a socket in the same way, to a server that must have this public key (socket_keys.h).
socket_t *socket_connect_to (socket_kind_t kind, const char *endpoint, const uint8_t *server);

//  Close a socket and discard its unsent messages. Acks make this safe.
void socket_destroy (socket_t **self_p);

//  Return how often the link of a connected PUSH has broken or come back. Messages sent before a
//  change may be lost. The socket also takes messages while the link is broken, and may lose them.
uint64_t socket_link_changes (socket_t *self, bool *is_broken);

//  Return true if the peer of a connected PUSH has refused the last handshake: one side has no keys
//  or wrong ones. libzmq may never try again then.
bool socket_was_refused (const socket_t *self);

//  Return the address of a bound socket, "tcp://address:port".
const char *socket_endpoint (const socket_t *self);

//  Subscribe a SUB to messages that begin with this topic.
void socket_subscribe (socket_t *self, const char *topic);

//  End a subscription to messages that begin with this topic.
void socket_unsubscribe (socket_t *self, const char *topic);

//  Send one part of a message; the bytes are copied. more: further parts follow. Return false, and
//  send nothing, if the peer takes nothing now. A PUB drops messages instead.
bool socket_send (socket_t *self, const void *bytes, size_t size, bool more)
    __attribute__ ((warn_unused_result));

//  Free the bytes of a part. hint is the sender's. Any thread may call this function.
typedef void (socket_release_fn) (void *bytes, void *hint);

//  Send the last part of a message without copying it. The socket calls release when the kernel has
//  taken the bytes, when the peer is gone, or at once if this returns false.
bool socket_send_owned (socket_t *self, text_t bytes, socket_release_fn *release, void *hint)
    __attribute__ ((warn_unused_result));

//  Receive one part. Return false if there is none. The bytes belong to the socket until the next
//  receive. *more: further parts of the same message follow, and are there already. A socket that
//  socket_poll found empty stays empty until the next socket_poll.
bool socket_receive (socket_t *self, text_t *bytes, bool *more)
    __attribute__ ((warn_unused_result));

//  Return the connection of the part that a bound socket received last. Its cookie is 0 if the
//  connection is gone, and for the unsubscriptions that a PUB makes for a peer that is gone.
visitor_t socket_visitor (const socket_t *self);

//  Return the name of the key of the part that was received last, borrowed until the next receive.
//  NULL: the link has no keys.
const char *socket_user (const socket_t *self);

//  Return how many silent connections to a bound socket the doorkeeper has ended.
uint64_t socket_ended (const socket_t *self);

//  Return how many connections to a bound socket failed before their key could be judged: they had
//  no key, expected another server, or spoke no ZeroMQ.
uint64_t socket_mismatched (const socket_t *self);

//  Return true if the connections of a key with this name may stay.
typedef bool (socket_welcome_fn) (void *context, const char *user);

//  End the connections to a bound socket that may not stay. End those that have sent no message
//  too, because their key is not known; a client that may stay connects again.
void socket_end_unwelcome (socket_t *self, socket_welcome_fn *is_welcome, void *context);

//  A socket or, without one, a descriptor to wait for.
typedef struct {
    socket_t *socket;
    int fd;
    bool ready;  //  set by socket_poll: something can be received
} socket_item_t;

//  Wait until an item is ready, the time is over, or a signal arrives.
void socket_poll (socket_item_t *items, size_t count, int64_t timeout_ms);

//  Wait in the same way; the time is in microseconds.
void socket_poll_us (socket_item_t *items, size_t count, int64_t timeout_us);

#endif
