//  libzmq reports events of links over a PAIR socket, and its I/O thread blocks when that socket is
//  full. So ask only for the kinds of events that matter: between two events of one kind lies at
//  least a reconnection.
//  SPDX-License-Identifier: Apache-2.0
#include "common/network/link_watch.h"

#include <errno.h>
#include <glib.h>
#include <stdatomic.h>
#include <string.h>
#include <zmq.h>

#define REFUSALS                                                                                   \
    (ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |                  \
        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
#define EVENTS (ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | REFUSALS)

struct link_watch {
    void *watched;
    void *events;  //  a PAIR
    uint64_t changes;
    bool is_broken;
    bool was_refused;
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

//  An event has two parts: its number and an address.
static bool
s_next (link_watch_t *self, uint16_t *event)
{
    char part[256];
    int size = zmq_recv (self->events, part, sizeof part, ZMQ_DONTWAIT);
    if (size < 0)
        return false;
    *event = 0;
    if (size >= (int) sizeof *event)
        memcpy (event, part, sizeof *event);
    (void) !zmq_recv (self->events, part, sizeof part, ZMQ_DONTWAIT);
    return true;
}

uint64_t
link_watch_changes (link_watch_t *self)
{
    uint16_t event;
    while (s_next (self, &event)) {
        bool is_break = event == ZMQ_EVENT_DISCONNECTED;
        bool is_made = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        self->was_refused = (self->was_refused && !is_made) || (event & REFUSALS);
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
