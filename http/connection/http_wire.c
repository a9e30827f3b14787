//  SPDX-License-Identifier: Apache-2.0
#include "http/connection/http_wire.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

void
http_wire_end (const http_wire_t *self, const char *bytes, size_t size)
{
    if (self->tls && self->tls->is_agreed) {
        tls_wire_end (self->tls, bytes, size);
        return;
    }
    (void) !send (self->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown (self->fd, SHUT_WR);
}

bool
http_wire_is_ended (const http_wire_t *self)
{
    char byte;
    if (self->tls) {
        //  Before its end, a client usually sends an alert, which may still be unread.
        struct pollfd item = {self->fd, POLLRDHUP, 0};
        return poll (&item, 1, 0) == 1;
    }
    ssize_t count = recv (self->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

bool
http_wire_has_unread (const http_wire_t *self, bool *is_ended)
{
    char byte;
    *is_ended = false;
    if (self->tls && tls_wire_pending (self->tls) > 0)
        return true;
    ssize_t count = recv (self->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    *is_ended = count == 0;
    return count > 0;
}

uint64_t
http_wire_count_read (const http_wire_t *self)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    int unread = 0;
    if (self->tls)
        return tls_wire_count_read (self->tls);
    if (ioctl (self->fd, FIONREAD, &unread) != 0 ||
        getsockopt (self->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return info.tcpi_bytes_received - (unsigned) unread;
}
