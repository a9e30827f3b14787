//  After the end of its request, a duplicate of the descriptor asks the kernel about an answer,
//  because libmicrohttpd may have closed the connection.
//  SPDX-License-Identifier: Apache-2.0
#include "http/connection/http_unread.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOKS_MAX 256  //  answers to look at in one call
#define TRIES 8        //  answers to look at, to make room for one

struct unread {
    int fd;          //  of the connection; when sent, a duplicate of our own
    bool is_sent;    //  it has left our memory
    bool is_ended;   //  it was dropped
    size_t kernel;   //  most bytes of it that the kernel may have
    size_t copied;   //  bytes of it in our memory
    uint64_t taken;  //  bytes that the client has acknowledged, at the last look
    int64_t taken_ms;
    GList link;
};

static void
s_free (http_unread_t *self, unread_t *entry)
{
    self->bytes -= entry->kernel + entry->copied;
    g_queue_unlink (&self->all, &entry->link);
    if (entry->is_sent)
        close (entry->fd);
    g_free (entry);
}

//  Drop an answer that its client does not take, in the kernel too.
static void
s_give_up (http_unread_t *self, unread_t *entry)
{
    const struct linger at_once = {1, 0};
    setsockopt (entry->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    shutdown (entry->fd, SHUT_RDWR);
    entry->is_ended = true;
    if (entry->is_sent)
        s_free (self, entry);
}

static bool
s_is_taken (const unread_t *entry)
{
    int unsent = 0;
    return entry->is_sent && (ioctl (entry->fd, SIOCOUTQ, &unsent) != 0 || unsent == 0);
}

//  Look at the first answer. Return how long its client has taken nothing; 0 if it took some just
//  now, or all: then forget the answer.
static int64_t
s_look_at_first (http_unread_t *self, int64_t now_ms)
{
    unread_t *entry = self->all.head->data;
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (s_is_taken (entry)) {
        s_free (self, entry);
        return 0;
    }
    g_queue_unlink (&self->all, &entry->link);
    g_queue_push_tail_link (&self->all, &entry->link);
    if (getsockopt (entry->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
        info.tcpi_bytes_acked != entry->taken) {
        entry->taken = info.tcpi_bytes_acked;
        entry->taken_ms = now_ms;
    }
    return entry->is_ended ? 0 : now_ms - entry->taken_ms;
}

//  Look at some answers, and drop those whose clients took nothing for patience_ms.
static void
s_look (http_unread_t *self, int64_t now_ms, int64_t patience_ms, guint looks)
{
    for (guint count = MIN (looks, self->all.length); count > 0; count--) {
        if (s_look_at_first (self, now_ms) >= patience_ms)
            s_give_up (self, self->all.tail->data);
    }
}

static bool
s_has_room (const http_unread_t *self)
{
    return self->all.length < UNREAD_MAX && self->bytes < UNREAD_MAX_BYTES;
}

bool
http_unread_has_room (http_unread_t *self, int64_t now_ms)
{
    if (!s_has_room (self))
        s_look (self, now_ms, UNREAD_PATIENCE_MS, TRIES);
    return s_has_room (self);
}

unread_t *
http_unread_begin (http_unread_t *self, int fd, size_t size, size_t copied, int64_t now_ms)
{
    if (!http_unread_has_room (self, now_ms))
        return NULL;
    unread_t *entry = g_new0 (unread_t, 1);
    *entry = (unread_t){.fd = fd,
        .kernel = MIN (size, UNREAD_KERNEL_BYTES),
        .copied = copied,
        .taken_ms = now_ms,
        .link.data = entry};
    self->bytes += entry->kernel + entry->copied;
    g_queue_push_tail_link (&self->all, &entry->link);
    return entry;
}

void
http_unread_sent (http_unread_t *self, unread_t **entry_p)
{
    unread_t *entry = g_steal_pointer (entry_p);
    if (!entry)
        return;
    self->bytes -= entry->copied;
    entry->copied = 0;
    int unsent = 0;
    bool is_there = !entry->is_ended && ioctl (entry->fd, SIOCOUTQ, &unsent) == 0 && unsent > 0;
    entry->fd = is_there ? fcntl (entry->fd, F_DUPFD_CLOEXEC, 0) : -1;
    entry->is_sent = entry->fd >= 0;
    if (!entry->is_sent)
        s_free (self, entry);
}

void
http_unread_look (http_unread_t *self, int64_t now_ms)
{
    s_look (self, now_ms, UNREAD_STALLED_MS, LOOKS_MAX);
}

void
http_unread_clear (http_unread_t *self)
{
    while (self->all.head) {
        g_assert (((unread_t *) self->all.head->data)->is_sent);
        s_free (self, self->all.head->data);
    }
}
