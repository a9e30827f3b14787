//  Options must be set before bind and connect, or they do not hold for that peer: s_new sets them.
//
//  A socket's descriptor becomes readable when the I/O thread has news, and stays silent about news
//  that arrived before. So a loop may wait for it only after it has read all news. Asking libzmq
//  for news takes two system calls a socket, and zmq_poll asks every socket twice. Here a socket is
//  asked only when its descriptor is readable, or after it was used.
//  SPDX-License-Identifier: Apache-2.0
#include "common/network/socket.h"

#include <czmq.h>
#include <glib.h>
#include <poll.h>

#include "common/network/address.h"
#include "common/network/doorkeeper.h"
#include "common/network/link_watch.h"
#include "common/network/socket_keys.h"
#include "common/process/clock.h"

#define MIB (1024 * 1024)

//  A link is made again when the peer's kernel is silent for so long: probes find it on an idle
//  link, a time-out on sent bytes on a busy one. ZeroMQ's own heartbeats would be quicker. But
//  in 4.3.4 they abort a process whose input waits behind its high-water mark when the peer goes,
//  and they cut the link to a slow peer. Missing announcements show that a process has stopped.
#define DEAD_LINK_MS 5000
#define PROBE_SECONDS 1
#define PROBES (DEAD_LINK_MS / 1000 / PROBE_SECONDS)
#define PROBES_OF_VISITORS 120
#define HANDSHAKE_MS 3000
#define RECONNECT_MS 100
#define RECONNECT_MAX_MS 1000
#define CONNECT_MS 2000
//  For a client of a ROUTER. Further answers wait in unread_answers, further queries at the client.
#define ANSWER_BUFFER_BYTES (512 * 1024)
#define QUESTIONS_ON_THE_WAY 16
#define GOODBYE_MS 200  //  a closed PUB may send its last announcement for so long

//  One kind of socket: its high-water marks per peer, in messages, the largest message, and the
//  domain by which the authenticator judges the clients of a bound one.
typedef struct {
    int type;
    int high_water_mark;
    int64_t max_message_bytes;
    const char *domain;
} kind_t;

//  A PUB receives subscriptions. libzmq adds them to its table as they arrive, without a bound, in
//  the thread that owns the socket. So only few may wait in the socket and in the kernel.
#define SUBSCRIPTIONS_ON_THE_WAY 4
#define SUBSCRIPTION_BUFFER_BYTES 16384
#define SUBSCRIPTION_MAX_BYTES 1024  //  a handshake fits as well

static const kind_t s_kinds[] = {
    [SOCKET_PUSH] = {ZMQ_PUSH, 1000, MIB, NULL},
    [SOCKET_PULL] = {ZMQ_PULL, 1000, 2 * MIB, SOCKET_DOMAIN_PUSH},
    [SOCKET_PUB] = {ZMQ_XPUB, 40000, SUBSCRIPTION_MAX_BYTES, SOCKET_DOMAIN_ASK},
    [SOCKET_SUB] = {ZMQ_SUB, 40000, 16 * MIB, NULL},
    [SOCKET_DEALER] = {ZMQ_DEALER, 10000, 64 * MIB, NULL},
    [SOCKET_REQ] = {ZMQ_REQ, 10, 64 * MIB, NULL},
    [SOCKET_ROUTER] = {ZMQ_ROUTER, 1000, MIB, SOCKET_DOMAIN_ASK},
};

struct socket {
    zsock_t *zsock;
    void *handle;              //  the same socket for libzmq
    doorkeeper_t *doorkeeper;  //  of a bound socket; else NULL
    bool is_pub;
    link_watch_t *link;  //  of a connected PUSH; else NULL
    int fd;              //  readable when there is news
    bool is_heard;       //  all news was read, so the descriptor shows further news
    bool is_empty;       //  socket_poll found nothing in it
    zmq_msg_t received;  //  the part that was received last
};

void *
socket_context (void)
{
    return zsys_init ();
}

void
socket_setup (void)
{
    void *context = zsys_init ();
    //  As many as possible: a gateway has several for every processor.
    zmq_ctx_set (context, ZMQ_MAX_SOCKETS, zmq_ctx_get (context, ZMQ_SOCKET_LIMIT));
    zsys_handler_set (NULL);
    zsys_set_logstream (NULL);
}

static socket_t *
s_new (socket_kind_t kind, bool is_ipv6)
{
    zsock_t *zsock = zsock_new (s_kinds[kind].type);
    if (!zsock)
        return NULL;
    zsock_set_linger (zsock, kind == SOCKET_PUB ? GOODBYE_MS : 0);
    zsock_set_sndhwm (zsock, s_kinds[kind].high_water_mark);
    zsock_set_rcvhwm (zsock, s_kinds[kind].high_water_mark);
    zsock_set_maxmsgsize (zsock, (int) s_kinds[kind].max_message_bytes);
    zsock_set_tcp_keepalive (zsock, 1);
    zsock_set_tcp_keepalive_idle (zsock, PROBE_SECONDS);
    zsock_set_tcp_keepalive_intvl (zsock, PROBE_SECONDS);
    zsock_set_tcp_keepalive_cnt (zsock, PROBES);
    zsock_set_tcp_maxrt (zsock, DEAD_LINK_MS);
    zsock_set_handshake_ivl (zsock, HANDSHAKE_MS);
    zsock_set_connect_timeout (zsock, CONNECT_MS);
    zsock_set_reconnect_ivl (zsock, RECONNECT_MS);
    zsock_set_reconnect_ivl_max (zsock, RECONNECT_MAX_MS);
    zsock_set_ipv6 (zsock, is_ipv6);
    if (kind == SOCKET_PUB) {
        zsock_set_rcvhwm (zsock, SUBSCRIPTIONS_ON_THE_WAY);
        zsock_set_rcvbuf (zsock, SUBSCRIPTION_BUFFER_BYTES);
        zsock_set_xpub_verboser (zsock, 1);  //  report every peer, not only the first and the last
        zsock_set_zap_domain (zsock, "downlink");  //  refuse ZMTP 1 and 2: they name no peer
    }
    if (kind == SOCKET_PUSH || kind == SOCKET_DEALER)
        zsock_set_immediate (zsock, 1);  //  queue nothing for a peer that is not there
    if (kind == SOCKET_ROUTER) {
        zsock_set_router_mandatory (zsock, 1);  //  fail if a client is gone or reads nothing
        zsock_set_sndbuf (zsock, ANSWER_BUFFER_BYTES);
        zsock_set_rcvhwm (zsock, QUESTIONS_ON_THE_WAY);
    }
    if (kind == SOCKET_REQ) {
        zsock_set_req_relaxed (zsock, 1);
        zsock_set_req_correlate (zsock, 1);
    }
    socket_t *self = g_new0 (socket_t, 1);
    self->zsock = zsock;
    self->handle = zsock_resolve (zsock);
    self->is_pub = kind == SOCKET_PUB;
    self->fd = zsock_fd (zsock);
    zmq_msg_init (&self->received);
    return self;
}

socket_t *
socket_bind (socket_kind_t kind, const char *address, uint16_t port)
{
    socket_t *self = s_new (kind, strchr (address, ':') != NULL);
    if (!self)
        return NULL;
    address_t bound = address_of (address, port);
    char endpoint[ADDRESS_ENDPOINT_SIZE];
    address_endpoint (&bound, PORT_FRAMES, endpoint);
    //  The doorkeeper finds dead peers. A time-out of the kernel would count as a hang-up
    //  (visitor.c).
    zsock_set_tcp_keepalive_cnt (self->zsock, PROBES_OF_VISITORS);
    zsock_set_tcp_maxrt (self->zsock, 0);
    socket_keys_guard (self->handle, s_kinds[kind].domain);
    self->doorkeeper = doorkeeper_new (zsys_init (), self->handle, doorkeeper_visitors_max ());
    if (!self->doorkeeper || zmq_bind (self->handle, endpoint) != 0) {
        int error = errno;
        socket_destroy (&self);
        errno = error;
        return NULL;
    }
    return self;
}

socket_t *
socket_connect (socket_kind_t kind, const char *endpoint)
{
    return socket_connect_to (kind, endpoint, NULL);
}

socket_t *
socket_connect_to (socket_kind_t kind, const char *endpoint, const uint8_t *server)
{
    socket_t *self = s_new (kind, strchr (endpoint, '[') != NULL);
    if (!self)
        return NULL;
    socket_keys_present (self->handle, server);
    if (kind == SOCKET_PUSH)
        self->link = link_watch_new (self->handle);
    if ((kind == SOCKET_PUSH && !self->link) || zmq_connect (self->handle, endpoint) != 0)
        socket_destroy (&self);
    return self;
}

void
socket_destroy (socket_t **self_p)
{
    socket_t *self = *self_p;
    if (!self)
        return;
    zmq_msg_close (&self->received);
    doorkeeper_destroy (&self->doorkeeper);
    link_watch_destroy (&self->link);
    zsock_destroy (&self->zsock);
    g_free (self);
    *self_p = NULL;
}

bool
socket_was_refused (const socket_t *self)
{
    (void) link_watch_changes (self->link);
    return link_watch_was_refused (self->link);
}

uint64_t
socket_link_changes (const socket_t *self, bool *is_broken)
{
    uint64_t changes = link_watch_changes (self->link);
    *is_broken = link_watch_is_broken (self->link);
    return changes;
}

const char *
socket_endpoint (const socket_t *self)
{
    static _Thread_local char endpoint[256];
    size_t size = sizeof endpoint;
    if (zmq_getsockopt (self->handle, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
        endpoint[0] = 0;
    return endpoint;
}

void
socket_subscribe (socket_t *self, const char *topic)
{
    zsock_set_subscribe (self->zsock, topic);
}

void
socket_unsubscribe (socket_t *self, const char *topic)
{
    zsock_set_unsubscribe (self->zsock, topic);
}

static void
s_set_heard (socket_t *self, bool is_heard)
{
    self->is_heard = is_heard;
    if (self->doorkeeper)
        doorkeeper_note_empty (self->doorkeeper, is_heard);
}

bool
socket_send (socket_t *self, const void *bytes, size_t size, bool more)
{
    int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
    s_set_heard (self, false);
    return zmq_send (self->handle, bytes, size, flags) >= 0;
}

//  Tell the doorkeeper about the first message of a visitor. On a PUB it may be the only one, so
//  look at every message. On other sockets skip this while no visitor is silent, which needs no
//  lock.
static void
s_note_visitor (socket_t *self)
{
    if (self->doorkeeper && (self->is_pub || doorkeeper_is_waiting (self->doorkeeper)))
        doorkeeper_heard (
            self->doorkeeper, zmq_msg_get (&self->received, ZMQ_SRCFD), socket_user (self));
}

bool
socket_send_owned (socket_t *self, text_t bytes, socket_release_fn *release, void *hint)
{
    zmq_msg_t message;
    zmq_msg_init_data (&message, (void *) (uintptr_t) bytes.data, bytes.size, release, hint);
    s_set_heard (self, false);
    bool is_sent = zmq_msg_send (&message, self->handle, ZMQ_DONTWAIT) >= 0;
    if (!is_sent)
        zmq_msg_close (&message);
    return is_sent;
}

bool
socket_receive (socket_t *self, text_t *bytes, bool *more)
{
    if (self->is_empty)
        return false;
    bool is_there = zmq_msg_recv (&self->received, self->handle, ZMQ_DONTWAIT) >= 0;
    s_set_heard (self, !is_there && errno == EAGAIN);
    if (!is_there)
        return false;
    s_note_visitor (self);
    *bytes = text_of (zmq_msg_data (&self->received), zmq_msg_size (&self->received));
    *more = zmq_msg_more (&self->received) != 0;
    return true;
}

visitor_t
socket_visitor (const socket_t *self)
{
    return visitor_of (zmq_msg_get (&self->received, ZMQ_SRCFD));
}

const char *
socket_user (const socket_t *self)
{
    return zmq_msg_gets (&self->received, "User-Id");
}

uint64_t
socket_ended (const socket_t *self)
{
    return self->doorkeeper ? doorkeeper_ended (self->doorkeeper) : 0;
}

uint64_t
socket_mismatched (const socket_t *self)
{
    return self->doorkeeper ? doorkeeper_mismatched (self->doorkeeper) : 0;
}

void
socket_end_unwelcome (socket_t *self, socket_welcome_fn *is_welcome, void *context)
{
    if (self->doorkeeper)
        doorkeeper_end_unwelcome (self->doorkeeper, is_welcome, context);
}

//  Read the news of a socket, and note whether it has something to receive.
static bool
s_hear (socket_t *self)
{
    int events = 0;
    size_t size = sizeof events;
    self->is_empty =
        zmq_getsockopt (self->handle, ZMQ_EVENTS, &events, &size) == 0 && !(events & ZMQ_POLLIN);
    s_set_heard (self, self->is_empty);
    return !self->is_empty;
}

//  Find the ready items, and prepare to wait for the others. Return true if one is ready.
static bool
s_look (socket_item_t *items, size_t count, struct pollfd *polled)
{
    bool any = false;
    for (size_t index = 0; index < count; index++) {
        socket_t *socket = items[index].socket;
        polled[index] = (struct pollfd){socket ? socket->fd : items[index].fd, POLLIN, 0};
        items[index].ready = socket && !socket->is_heard && s_hear (socket);
        if (socket)
            socket->is_empty = !items[index].ready;
        any = any || items[index].ready;
    }
    return any;
}

//  Return true if an item is ready or a signal has arrived. To the caller a signal looks like a
//  time-out.
static bool
s_wait (socket_item_t *items, size_t count, struct pollfd *polled, int64_t timeout_us)
{
    const struct timespec timeout = {timeout_us / 1000000, timeout_us % 1000000 * 1000};
    int result = ppoll (polled, count, &timeout, NULL);
    bool any = result < 0;
    for (size_t index = 0; result > 0 && index < count; index++) {
        bool is_told = polled[index].revents != 0;
        if (is_told && (!items[index].socket || s_hear (items[index].socket)))
            items[index].ready = true;
        any = any || items[index].ready;
    }
    return any;
}

void
socket_poll_us (socket_item_t *items, size_t count, int64_t timeout_us)
{
    struct pollfd polled[count];
    int64_t until_us = timeout_us > 0 ? clock_us () + timeout_us : 0;
    if (s_look (items, count, polled))
        timeout_us = 0;
    //  News need not be something to receive.
    while (!s_wait (items, count, polled, timeout_us) && timeout_us > 0)
        timeout_us = MAX (0, until_us - clock_us ());
}

void
socket_poll (socket_item_t *items, size_t count, int64_t timeout_ms)
{
    socket_poll_us (items, count, timeout_ms * 1000);
}
