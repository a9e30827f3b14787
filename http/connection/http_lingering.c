//  SPDX-License-Identifier: Apache-2.0
#include "http/connection/http_lingering.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGERING_MAX 64                   //  connections
#define TURN_BYTES ((size_t) 1024 * 1024)  //  of one connection in one turn
#define STEP_BYTES ((size_t) 64 * 1024)    //  of them, in one call

typedef struct {
    int fd;
    int64_t since_ms;
    size_t bytes;  //  ignored so far
} lingering_t;

static void
s_close_first (http_lingering_t *self)
{
    lingering_t *first = g_queue_pop_head (&self->queue);
    close (first->fd);
    g_free (first);
}

void
http_lingering_add (http_lingering_t *self, int fd, int64_t now_ms)
{
    if (self->queue.length == LINGERING_MAX)
        s_close_first (self);
    int kept = fcntl (fd, F_DUPFD_CLOEXEC, 0);
    if (kept < 0)
        return;
    //  Under TLS, libmicrohttpd closes the sending side of TLS alone.
    shutdown (kept, SHUT_WR);
    lingering_t *lingering = g_new0 (lingering_t, 1);
    *lingering = (lingering_t){.fd = kept, .since_ms = now_ms};
    g_queue_push_tail (&self->queue, lingering);
}

//  Read and ignore the bytes that have arrived. Return their number. Return 0 with errno EAGAIN if
//  there are none now, or with another errno at the end of the connection.
static size_t
s_read (lingering_t *self)
{
    char ignored[STEP_BYTES];
    size_t size = 0;
    ssize_t count = 0;
    do {
        count = recv (self->fd, ignored, sizeof ignored, MSG_DONTWAIT);
        size += count > 0 ? (size_t) count : 0;
    } while (count == (ssize_t) sizeof ignored && size < TURN_BYTES);
    if (count == 0)
        errno = 0;
    self->bytes += size;
    return size;
}

bool
http_lingering_run (http_lingering_t *self, int64_t now_ms)
{
    bool is_more = false;
    for (GList *link = self->queue.head; link;) {
        lingering_t *lingering = link->data;
        GList *next = link->next;
        size_t size = s_read (lingering);
        bool is_over = size == 0 && errno != EAGAIN;
        is_more |= size > 0;
        if (is_over || lingering->bytes > HTTP_LINGER_BYTES ||
            now_ms - lingering->since_ms > HTTP_LINGER_MS) {
            close (lingering->fd);
            g_free (lingering);
            g_queue_delete_link (&self->queue, link);
        }
        link = next;
    }
    return is_more;
}

void
http_lingering_clear (http_lingering_t *self)
{
    while (self->queue.head)
        s_close_first (self);
}
