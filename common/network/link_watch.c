//  libzmq reports events of links over a PAIR socket, and its I/O thread blocks when that socket is
//  full. So ask only for the kinds of events that matter: between two events of one kind lies at
//  least a reconnection. libzmq reports the end of a connection before it closes the descriptor: so
//  the descriptor of an event is the link's if no end has been reported after it was looked at.
//  SPDX-License-Identifier: Apache-2.0
#include "common/network/link_watch.h"

#include <errno.h>
#include <glib.h>
#include <stdatomic.h>
#include <string.h>
#include <zmq.h>

#include "common/network/socket_keys.h"
#include "common/network/visitor.h"
#include "common/process/clock.h"
#include "common/process/log.h"

#define INCOMPLETE_BYTES (64 * 1024)  //  beyond the largest part
#define LOG_MS 10000
#define AGAIN_MS 1000
#define REFUSALS                                                                                   \
    (ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |                  \
        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
#define ATTEMPTS (ZMQ_EVENT_CONNECT_DELAYED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_CONNECTED)
#define EVENTS (ATTEMPTS | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | REFUSALS)

//  Bytes on the wire around a part: its frame, and its encryption.
#define HEAD_BYTES 2
#define LONG_HEAD_BYTES 9  //  of a frame with more than 255 bytes
#define CURVE_BYTES 33
#define PART_BYTES 64  //  that libzmq takes for a part, besides its bytes

struct link_watch {
    void *watched;
    void *events;  //  a PAIR
    uint64_t changes;
    bool is_broken;
    bool was_refused;
    int64_t idle_ms;          //  since when libzmq has made no attempt to connect; 0: it does
    visitor_t connection;     //  the present one; no cookie: there is none
    uint64_t incomplete_max;  //  bytes of a message that does not end
    uint64_t earlier_bytes;   //  that were read from all earlier connections
    uint64_t read_bytes;      //  and from this one too, at the last count
    uint64_t taken_bytes;     //  of them, those that do not wait any more
    uint64_t received_bytes;  //  by the owner, since the last count
    uint64_t received_parts;
    uint64_t mean_bytes;  //  of the parts that it received last
    bool is_empty;        //  the socket was, after the last count
    int64_t logged_ms;
};

link_watch_t *
link_watch_new (void *context, void *handle)
{
    static atomic_uint count;
    char endpoint[48];
    g_snprintf (endpoint, sizeof endpoint, "inproc://link-watch-%u", atomic_fetch_add (&count, 1));
    if (zmq_socket_monitor (handle, endpoint, EVENTS) != 0)
        return NULL;
    link_watch_t *self = g_new0 (link_watch_t, 1);
    self->watched = handle;
    self->is_empty = true;
    self->mean_bytes = UINT64_MAX;
    int64_t part_max = 0;
    size_t size = sizeof part_max;
    zmq_getsockopt (handle, ZMQ_MAXMSGSIZE, &part_max, &size);
    self->incomplete_max = (uint64_t) MAX (part_max, 0) + INCOMPLETE_BYTES;
    self->events = zmq_socket (context, ZMQ_PAIR);
    if (!self->events || zmq_connect (self->events, endpoint) != 0) {
        int error = errno;
        link_watch_destroy (&self);
        errno = error;
    }
    return self;
}

void
link_watch_destroy (link_watch_t **self_p)
{
    link_watch_t *self = *self_p;
    if (!self)
        return;
    zmq_socket_monitor (self->watched, NULL, 0);
    if (self->events)
        zmq_close (self->events);
    g_free (self);
    *self_p = NULL;
}

//  Read the next event. It has two parts: its kind with a number, and an address.
static bool
s_next (link_watch_t *self, uint16_t *event, uint32_t *value)
{
    char part[256];
    int size = zmq_recv (self->events, part, sizeof part, ZMQ_DONTWAIT);
    if (size < 0)
        return false;
    *event = 0;
    *value = 0;
    if (size == (int) (sizeof *event + sizeof *value)) {
        memcpy (event, part, sizeof *event);
        memcpy (value, part + sizeof *event, sizeof *value);
    }
    (void) !zmq_recv (self->events, part, sizeof part, ZMQ_DONTWAIT);
    return true;
}

//  Watch another connection. Whole messages of the last one may still wait.
static void
s_begin (link_watch_t *self, visitor_t connection)
{
    self->connection = connection;
    self->earlier_bytes = self->read_bytes;
    if (self->is_empty)
        self->taken_bytes = self->read_bytes;
}

uint64_t
link_watch_changes (link_watch_t *self)
{
    uint16_t event;
    uint32_t value;
    while (s_next (self, &event, &value)) {
        bool is_break = event == ZMQ_EVENT_DISCONNECTED;
        bool is_made = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        self->was_refused = (self->was_refused && !is_made) || (event & REFUSALS);
        if (event == ZMQ_EVENT_CONNECTED)
            s_begin (self, visitor_of ((int) value));
        else if (is_break)
            s_begin (self, (visitor_t){0});
        self->idle_ms = is_break ? clock_ms () : event & ATTEMPTS ? 0 : self->idle_ms;
        if (is_break || (is_made && self->is_broken)) {
            self->changes++;
            self->is_broken = is_break;
        }
    }
    return self->changes;
}

bool
link_watch_is_broken (const link_watch_t *self)
{
    return self->is_broken;
}

bool
link_watch_was_refused (const link_watch_t *self)
{
    return self->was_refused;
}

bool
link_watch_is_given_up (link_watch_t *self)
{
    int64_t now_ms = self->idle_ms ? clock_ms () : 0;
    if (!self->idle_ms || now_ms < self->idle_ms + AGAIN_MS)
        return false;
    self->idle_ms = now_ms;
    return true;
}

void
link_watch_received (link_watch_t *self, size_t size)
{
    size += socket_keys_are_used () ? CURVE_BYTES : 0;
    self->received_bytes += size + (size > UINT8_MAX ? LONG_HEAD_BYTES : HEAD_BYTES);
    self->received_parts++;
}

void
link_watch_count (link_watch_t *self)
{
    (void) link_watch_changes (self);
    self->read_bytes = self->earlier_bytes + visitor_bytes_read (self->connection);
    self->taken_bytes = MIN (self->taken_bytes + self->received_bytes, self->read_bytes);
}

static void
s_end (link_watch_t *self, uint64_t waiting, const char *reason)
{
    char endpoint[256];
    size_t size = sizeof endpoint;
    visitor_end (self->connection);
    s_begin (self, (visitor_t){0});
    if (!log_is_due (&self->logged_ms, LOG_MS))
        return;
    if (zmq_getsockopt (self->watched, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
        endpoint[0] = 0;
    log_event (LOG_WARN, "a link was ended whose peer sends too much",
        "endpoint=%s bytes=%llu reason=%s", endpoint, (unsigned long long) waiting, reason);
}

void
link_watch_bound (link_watch_t *self, bool is_empty)
{
    uint64_t waiting = self->read_bytes - self->taken_bytes;
    bool has_received = self->received_parts > 0;
    if (has_received)
        self->mean_bytes = self->received_bytes / self->received_parts;
    self->received_bytes = 0;
    self->received_parts = 0;
    self->is_empty = is_empty;
    if (is_empty && has_received)
        self->taken_bytes = self->read_bytes;
    else if (is_empty && waiting > self->incomplete_max)
        s_end (self, waiting, "a message does not end");
    else if (waiting + waiting / self->mean_bytes * PART_BYTES > LINK_WAITING_BYTES)
        s_end (self, waiting, "messages come faster than this process can receive them");
}
