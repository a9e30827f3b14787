//  s_new sets all options, because an option that is set after bind or connect does not apply to
//  that peer.
//
//  A socket's descriptor becomes readable when the I/O thread has news, and stays silent about news
//  that arrived before. So a loop may wait for it only after it has read all news. Asking libzmq
//  for news takes two system calls a socket, and zmq_poll asks every socket twice. Here a socket is
//  asked only when its descriptor is readable, or after it was used; and once a second in any case,
//  so that no mistake about news holds a link up for good.
//  SPDX-License-Identifier: Apache-2.0
#include "common/network/socket.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/network/address.h"
#include "common/network/doorkeeper.h"
#include "common/network/link_watch.h"
#include "common/network/socket_keys.h"
#include "common/process/clock.h"
#include "common/process/log.h"
#include "common/process/thread.h"

#define KIB 1024
#define MIB (1024 * 1024)

//  A link breaks, and is made again, when the peer's kernel is silent for DEAD_LINK_MS: on an idle
//  link probes find this, on a busy link a time-out on sent bytes. ZeroMQ's own heartbeats would be
//  quicker. But in 4.3.4 they abort a process whose input waits behind its high-water mark when the
//  peer goes, and they cut the link to a slow peer. Missing announcements show that a process has
//  stopped.
#define DEAD_LINK_MS 5000
#define PROBE_SECONDS 1
#define PROBES (DEAD_LINK_MS / 1000 / PROBE_SECONDS)
#define PROBES_OF_VISITORS 120
#define HANDSHAKE_MS 3000
//  A client may be done with the handshake, and have sent its query, before a bound socket is: if
//  the socket gives up then, the query is lost, and a REQ waits for ever. On a busy machine a
//  handshake takes seconds. The doorkeeper bounds the connections in handshakes.
#define HANDSHAKE_OF_VISITORS_MS 15000
#define RECONNECT_MS 100
#define RECONNECT_MAX_MS 1000
#define CONNECT_MS 2000
//  Limits for each client of a ROUTER. Further replies wait in unread_replies, further queries at
//  the client.
#define REPLY_BUFFER_BYTES (512 * 1024)
#define QUERIES_IN_FLIGHT 16
#define HEAR_AGAIN_US 1000000
#define WATCH_US 50000  //  between two looks at the bytes that wait in a connected socket
#define GOODBYE_MS 200  //  a closed PUB may send its last announcement for so long

//  One kind of socket. Limits are for each peer, in messages; 0: there is none. A connected socket
//  has none for received messages: libzmq could abort the process then (visitor.c), so link_watch
//  bounds them. The authenticator judges the clients of a bound socket by the domain.
typedef struct {
    int type;
    int send_limit;
    int receive_limit;
    int64_t max_part_bytes;  //  of received messages; a handshake fits into 1,024
    const char *domain;
} kind_t;

//  A PUB receives subscriptions. libzmq adds them to its table as they arrive, without a bound, in
//  the thread that owns the socket. So only few may wait in the socket and in the kernel.
#define SUBSCRIPTIONS_ON_THE_WAY 4
#define SUBSCRIPTION_BUFFER_BYTES 16384

//  Largest parts: a PUSH receives nothing. An ack of 16,384 frames has 432 KiB, which is more than
//  any announcement or update. The reply to a gateway's query batch has 2 MiB, if all its rockets
//  have as many gaps as they may; a page of a list has 1 MiB.
//  A connection to a shut PULL ends with a larger frame than any handshake, and holds two messages.
static const kind_t s_kinds[] = {
    [SOCKET_PUSH] = {ZMQ_PUSH, 1000, 0, KIB, NULL},
    [SOCKET_PULL] = {ZMQ_PULL, 1000, 1000, 2 * MIB, SOCKET_DOMAIN_PUSH},
    [SOCKET_SHUT] = {ZMQ_PULL, 1, 1, KIB, SOCKET_DOMAIN_PUSH},
    [SOCKET_PUB] = {ZMQ_XPUB, 40000, SUBSCRIPTIONS_ON_THE_WAY, KIB, SOCKET_DOMAIN_ASK},
    [SOCKET_SUB] = {ZMQ_SUB, 40000, 0, 512 * KIB, NULL},
    [SOCKET_DEALER] = {ZMQ_DEALER, 10000, 0, 3 * MIB, NULL},
    [SOCKET_REQ] = {ZMQ_REQ, 10, 0, 3 * MIB, NULL},
    [SOCKET_ROUTER] = {ZMQ_ROUTER, 1000, QUERIES_IN_FLIGHT, MIB, SOCKET_DOMAIN_ASK},
};

struct socket {
    void *handle;
    doorkeeper_t *doorkeeper;  //  of a bound socket; else NULL
    bool is_pub;
    uint16_t port;       //  of a bound socket; else 0
    link_watch_t *link;  //  of a connected socket; else NULL
    int64_t watched_us;  //  when the link was looked at last
    char *endpoint;      //  of a connected socket; else NULL
    int fd;              //  readable when there is news
    bool is_heard;       //  all news was read, so the descriptor shows further news
    bool is_empty;       //  socket_poll found nothing in it
    int64_t heard_us;    //  when socket_poll last asked it, though all news was read
    zmq_msg_t received;  //  the part that was received last
};

static struct {
    pthread_once_t once;
    void *context;
    atomic_uint open;  //  sockets
} s_zmq = {.once = PTHREAD_ONCE_INIT};

//  Wait until the last messages of closed sockets are sent, for as long as they linger. With open
//  sockets that would take for ever.
static void
s_end_context (void)
{
    if (atomic_load (&s_zmq.open) == 0)
        zmq_ctx_term (s_zmq.context);
}

static void
s_begin_context (void)
{
    s_zmq.context = zmq_ctx_new ();
    if (!s_zmq.context)
        g_error ("socket: libzmq has no memory");
    //  Allow as many sockets as possible: a gateway has several for every processor.
    zmq_ctx_set (s_zmq.context, ZMQ_MAX_SOCKETS, zmq_ctx_get (s_zmq.context, ZMQ_SOCKET_LIMIT));
    atexit (s_end_context);
}

void *
socket_context (void)
{
    pthread_once (&s_zmq.once, s_begin_context);
    return s_zmq.context;
}

static void
s_make_first (void *context)
{
    void **first = context;
    *first = zmq_socket (socket_context (), ZMQ_PAIR);
}

bool
socket_setup (void)
{
    void *first = NULL;
    thread_guard ("libzmq", s_make_first, &first);
    if (first)
        zmq_close (first);
    else
        log_event (LOG_ERROR, "cannot make a socket", "reason=%s advice=%s", g_strerror (errno),
            "raise the limit of open files (ulimit -n, LimitNOFILE= of systemd)");
    return first != NULL;
}

static bool
s_set (void *handle, int option, int value)
{
    return zmq_setsockopt (handle, option, &value, sizeof value) == 0;
}

static bool
s_set_common (void *handle, socket_kind_t kind, bool is_ipv6)
{
    const kind_t *its = &s_kinds[kind];
    const int options[][2] = {{ZMQ_LINGER, kind == SOCKET_PUB ? GOODBYE_MS : 0},
        {ZMQ_SNDHWM, its->send_limit}, {ZMQ_RCVHWM, its->receive_limit}, {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, PROBE_SECONDS}, {ZMQ_TCP_KEEPALIVE_INTVL, PROBE_SECONDS},
        {ZMQ_TCP_KEEPALIVE_CNT, PROBES}, {ZMQ_TCP_MAXRT, DEAD_LINK_MS},
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS}, {ZMQ_CONNECT_TIMEOUT, CONNECT_MS},
        {ZMQ_RECONNECT_IVL, RECONNECT_MS}, {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS},
        {ZMQ_IPV6, is_ipv6}};
    bool good = zmq_setsockopt (
                    handle, ZMQ_MAXMSGSIZE, &its->max_part_bytes, sizeof its->max_part_bytes) == 0;
    for (size_t index = 0; good && index < G_N_ELEMENTS (options); index++)
        good = s_set (handle, options[index][0], options[index][1]);
    return good;
}

static bool
s_set_own (void *handle, socket_kind_t kind)
{
    switch (kind) {
    case SOCKET_PUB:
        return s_set (handle, ZMQ_RCVBUF, SUBSCRIPTION_BUFFER_BYTES) &&
               //  Report every peer, not only the first and the last.
               s_set (handle, ZMQ_XPUB_VERBOSER, 1) &&
               //  Refuse ZMTP 1 and 2: they name no peer.
               zmq_setsockopt (handle, ZMQ_ZAP_DOMAIN, "downlink", strlen ("downlink")) == 0;
    case SOCKET_PUSH:
    case SOCKET_DEALER:
        return s_set (handle, ZMQ_IMMEDIATE, 1);  //  queue nothing for a peer that is not there
    case SOCKET_ROUTER:
        return s_set (handle, ZMQ_ROUTER_MANDATORY,
                   1) &&  //  fail if a client is gone or reads nothing
               s_set (handle, ZMQ_SNDBUF, REPLY_BUFFER_BYTES);
    case SOCKET_REQ:
        return s_set (handle, ZMQ_REQ_RELAXED, 1) && s_set (handle, ZMQ_REQ_CORRELATE, 1);
    case SOCKET_PULL:
    case SOCKET_SHUT:
    case SOCKET_SUB:
        break;
    }
    return true;
}

static socket_t *
s_new (socket_kind_t kind, bool is_ipv6)
{
    void *handle = zmq_socket (socket_context (), s_kinds[kind].type);
    if (!handle)
        return NULL;
    atomic_fetch_add (&s_zmq.open, 1);
    socket_t *self = g_new0 (socket_t, 1);
    self->handle = handle;
    self->is_pub = kind == SOCKET_PUB;
    zmq_msg_init (&self->received);
    size_t size = sizeof self->fd;
    if (!s_set_common (handle, kind, is_ipv6) || !s_set_own (handle, kind) ||
        zmq_getsockopt (handle, ZMQ_FD, &self->fd, &size) != 0) {
        int error = errno;
        socket_destroy (&self);
        errno = error;
    }
    return self;
}

socket_t *
socket_bind (socket_kind_t kind, const char *address, uint16_t port)
{
    socket_t *self = s_new (kind, strchr (address, ':') != NULL);
    if (!self)
        return NULL;
    self->port = port;
    address_t bound = address_of (address, port);
    char endpoint[ADDRESS_ENDPOINT_SIZE];
    address_endpoint (&bound, PORT_FRAMES, endpoint);
    //  The doorkeeper finds dead peers. A time-out of the kernel would count as a hang-up
    //  (visitor.c).
    bool is_set = s_set (self->handle, ZMQ_TCP_KEEPALIVE_CNT, PROBES_OF_VISITORS) &&
                  s_set (self->handle, ZMQ_TCP_MAXRT, 0) &&
                  s_set (self->handle, ZMQ_HANDSHAKE_IVL, HANDSHAKE_OF_VISITORS_MS);
    socket_keys_guard (self->handle, s_kinds[kind].domain);
    self->doorkeeper = doorkeeper_new (socket_context (), self->handle, doorkeeper_visitors_max ());
    if (!is_set || !self->doorkeeper || zmq_bind (self->handle, endpoint) != 0) {
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
    self->endpoint = g_strdup (endpoint);
    self->link = link_watch_new (socket_context (), self->handle);
    if (!self->link || zmq_connect (self->handle, endpoint) != 0) {
        int error = errno;
        socket_destroy (&self);
        errno = error;
    }
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
    zmq_close (self->handle);
    atomic_fetch_sub (&s_zmq.open, 1);
    g_free (self->endpoint);
    g_free (self);
    *self_p = NULL;
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
    (void) zmq_setsockopt (self->handle, ZMQ_SUBSCRIBE, topic, strlen (topic));
}

void
socket_unsubscribe (socket_t *self, const char *topic)
{
    (void) zmq_setsockopt (self->handle, ZMQ_UNSUBSCRIBE, topic, strlen (topic));
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
    if (self->link)
        link_watch_received (self->link, zmq_msg_size (&self->received));
    *bytes = text_of (zmq_msg_data (&self->received), zmq_msg_size (&self->received));
    *more = zmq_msg_more (&self->received) != 0;
    return true;
}

visitor_t
socket_visitor (const socket_t *self)
{
    //  A message may outlive its connection. Another port's may have the descriptor by now.
    visitor_t visitor = visitor_of (zmq_msg_get (&self->received, ZMQ_SRCFD));
    if (visitor_port (visitor) != self->port)
        visitor.cookie = 0;
    return visitor;
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

//  From time to time, bound the bytes that wait in a connected socket, and see that it stays
//  connected. libzmq connects a socket to an endpoint only once.
static void
s_watch (socket_t *self, int64_t now_us)
{
    if (!self->link || now_us < self->watched_us + WATCH_US)
        return;
    self->watched_us = now_us;
    link_watch_count (self->link);
    link_watch_bound (self->link, !s_hear (self));
    if (link_watch_is_given_up (self->link)) {
        (void) zmq_disconnect (self->handle, self->endpoint);
        (void) zmq_connect (self->handle, self->endpoint);
    }
}

bool
socket_was_refused (const socket_t *self)
{
    (void) link_watch_changes (self->link);
    return link_watch_was_refused (self->link);
}

uint64_t
socket_link_changes (socket_t *self, bool *is_broken)
{
    s_watch (self, clock_us ());
    uint64_t changes = link_watch_changes (self->link);
    *is_broken = link_watch_is_broken (self->link);
    return changes;
}

//  Return true if the socket must be asked for news before its descriptor is waited for.
static bool
s_is_unheard (socket_t *self, int64_t now_us)
{
    if (!self->is_heard || now_us < self->heard_us + HEAR_AGAIN_US)
        return !self->is_heard;
    self->heard_us = now_us;
    return true;
}

//  Find the ready items, and prepare to wait for the others. Return true if one is ready.
static bool
s_look (socket_item_t *items, size_t count, struct pollfd *polled, int64_t now_us)
{
    bool any = false;
    for (size_t index = 0; index < count; index++) {
        socket_t *socket = items[index].socket;
        if (socket)
            s_watch (socket, now_us);
        polled[index] = (struct pollfd){socket ? socket->fd : items[index].fd, POLLIN, 0};
        items[index].ready = socket && s_is_unheard (socket, now_us) && s_hear (socket);
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

//  Return how long to wait in one piece. Only links must be looked at in between.
static int64_t
s_piece_us (const socket_item_t *items, size_t count, int64_t left_us)
{
    for (size_t index = 0; index < count; index++)
        if (items[index].socket && items[index].socket->link)
            return CLAMP (left_us, 0, WATCH_US);
    return MAX (left_us, 0);
}

void
socket_poll_us (socket_item_t *items, size_t count, int64_t timeout_us)
{
    struct pollfd polled[count];
    int64_t now_us = clock_us ();
    int64_t until_us = now_us + timeout_us;
    bool any = s_look (items, count, polled, now_us);
    //  A readable descriptor does not mean that there is something to receive.
    while (!s_wait (items, count, polled, any ? 0 : s_piece_us (items, count, until_us - now_us)) &&
           !any && now_us < until_us) {
        now_us = clock_us ();
        any = s_look (items, count, polled, now_us);
    }
}

void
socket_poll (socket_item_t *items, size_t count, int64_t timeout_ms)
{
    socket_poll_us (items, count, timeout_ms * 1000);
}
