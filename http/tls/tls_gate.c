//  SPDX-License-Identifier: Apache-2.0
#include "http/tls/tls_gate.h"

#include <errno.h>
#include <microhttpd.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct tls_gate {
    tls_keeper_t *keeper;
    tls_gate_fn *notify;
    void *context;
    int outer;       //  epoll: parked, and the library's descriptor
    int parked;      //  epoll: connections that the library ignores
    GQueue waiting;  //  of tls_wire_t *: those connections
    GQueue running;  //  of tls_wire_t *: the library runs their handshakes
};

tls_gate_t *
tls_gate_new (tls_keeper_t *keeper, tls_gate_fn *notify, void *context)
{
    tls_gate_t *self = g_new0 (tls_gate_t, 1);
    *self = (tls_gate_t){.keeper = keeper, .notify = notify, .context = context};
    self->outer = epoll_create1 (EPOLL_CLOEXEC);
    self->parked = epoll_create1 (EPOLL_CLOEXEC);
    if (self->outer >= 0 && self->parked >= 0)
        tls_gate_watch (self, self->parked);
    else
        tls_gate_destroy (&self);
    return self;
}

void
tls_gate_destroy (tls_gate_t **self_p)
{
    tls_gate_t *self = *self_p;
    if (!self)
        return;
    int error = errno;
    g_assert (self->waiting.length == 0 && self->running.length == 0);
    if (self->outer >= 0)
        close (self->outer);
    if (self->parked >= 0)
        close (self->parked);
    g_free (self);
    *self_p = NULL;
    errno = error;
}

void
tls_gate_watch (tls_gate_t *self, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int result = epoll_ctl (self->outer, EPOLL_CTL_ADD, fd, &event);
    g_assert (result == 0);
}

int
tls_gate_fd (const tls_gate_t *self)
{
    return self->outer;
}

static void
s_begin_running (tls_gate_t *self, tls_wire_t *wire)
{
    wire->is_running = true;
    g_queue_push_tail_link (&self->running, &wire->link);
}

static void
s_end_running (tls_gate_t *self, tls_wire_t *wire)
{
    wire->is_running = false;
    g_queue_unlink (&self->running, &wire->link);
}

tls_wire_t *
tls_gate_add (
    tls_gate_t *self, struct MHD_Connection *mhd, gnutls_session_t session, int fd, void *owner)
{
    tls_wire_t *wire = tls_wire_new (mhd, session, fd, self->keeper, owner);
    wire->is_waiting = true;  //  tls_gate_close parks it
    s_begin_running (self, wire);
    return wire;
}

static void
s_park (tls_gate_t *self, tls_wire_t *wire)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = wire};
    if (epoll_ctl (self->parked, EPOLL_CTL_ADD, wire->fd, &event) != 0) {
        shutdown (wire->fd, SHUT_RDWR);  //  the library closes it
        return;
    }
    s_end_running (self, wire);
    g_queue_push_tail_link (&self->waiting, &wire->link);
    MHD_suspend_connection (wire->mhd);
}

static void
s_go_on (tls_gate_t *self, tls_wire_t *wire)
{
    epoll_ctl (self->parked, EPOLL_CTL_DEL, wire->fd, NULL);
    g_queue_unlink (&self->waiting, &wire->link);
    s_begin_running (self, wire);
    wire->is_waiting = false;
    MHD_resume_connection (wire->mhd);
}

//  Look at the first byte, without reading it.
static void
s_see (tls_gate_t *self, tls_wire_t *wire)
{
    unsigned char byte = 0;
    if (recv (wire->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
        return;
    wire->is_seen = true;
    if (byte == TLS_FIRST_BYTE)
        return;
    tls_wire_blame (wire, TLS_PLAIN);
    self->notify (self->context, wire->owner, TLS_GATE_PLAIN);
}

bool
tls_gate_remove (tls_gate_t *self, tls_wire_t **wire_p, tls_fault_t *fault)
{
    tls_wire_t *wire = *wire_p;
    bool has_failed = !wire->is_agreed;
    if (has_failed)
        *fault = tls_wire_fault (wire);
    if (wire->is_running)
        s_end_running (self, wire);
    tls_wire_destroy (wire_p);
    return has_failed;
}

void
tls_gate_open (tls_gate_t *self)
{
    struct epoll_event events[TLS_STEPS_MAX];
    int count = epoll_wait (self->parked, events, TLS_STEPS_MAX, 0);
    for (int index = 0; index < count; index++) {
        tls_wire_t *wire = events[index].data.ptr;
        if (!wire->is_seen)
            s_see (self, wire);
        s_go_on (self, wire);
    }
}

void
tls_gate_close (tls_gate_t *self)
{
    for (GList *link = self->running.head; link;) {
        tls_wire_t *wire = link->data;
        link = link->next;
        if (wire->is_agreed) {
            s_end_running (self, wire);
            self->notify (self->context, wire->owner, TLS_GATE_AGREED);
        }
        else if (wire->is_waiting)
            s_park (self, wire);
    }
}

void
tls_gate_end_all (tls_gate_t *self)
{
    while (self->waiting.head) {
        tls_wire_t *wire = self->waiting.head->data;
        shutdown (wire->fd, SHUT_RDWR);
        s_go_on (self, wire);
    }
}
