//  SPDX-License-Identifier: Apache-2.0
#include "http/connection/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/process/advice.h"
#include "common/process/log.h"

#define BACKLOG 4096

//  Connections inherit these: the kernel buffers little for a client that does not read, and ends a
//  connection whose client acknowledges nothing for UNACKNOWLEDGED_MS.
#define SEND_BYTES (64 * 1024)  //  the kernel doubles it
#define UNACKNOWLEDGED_MS 30000

typedef union {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
} listener_place_t;

//  Read a numeric address. Return the size of the place, or 0 with errno set.
static socklen_t
s_read (const char *address, uint16_t port, listener_place_t *place)
{
    *place = (listener_place_t){.four = {.sin_family = AF_INET, .sin_port = htons (port)}};
    if (inet_pton (AF_INET, address, &place->four.sin_addr) == 1)
        return sizeof place->four;
    *place = (listener_place_t){.six = {.sin6_family = AF_INET6, .sin6_port = htons (port)}};
    if (inet_pton (AF_INET6, address, &place->six.sin6_addr) == 1)
        return sizeof place->six;
    errno = EADDRNOTAVAIL;
    return 0;
}

//  Return a bound socket, or -1 with errno set.
static int
s_bind (const char *address, uint16_t port, bool is_shared)
{
    listener_place_t place;
    socklen_t size = s_read (address, port, &place);
    int fd =
        size ? socket (place.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return -1;
    const int yes = 1;
    const int shared = is_shared;
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared);
    if (bind (fd, &place.any, size) == 0)
        return fd;
    int error = errno;
    close (fd);
    errno = error;
    return -1;
}

static void
s_blame (const char *address, uint16_t port, int error)
{
    log_event (LOG_ERROR, "cannot listen", "address=%s port=%u reason=%s advice=%s", address,
        (unsigned) port, g_strerror (error), advice_listen (error));
}

bool
listener_is_free (const char *address, uint16_t port)
{
    int fd = s_bind (address, port, false);
    if (fd < 0)
        s_blame (address, port, errno);
    else
        close (fd);
    return fd >= 0;
}

int
listener_open (const char *address, uint16_t port)
{
    const int bytes = SEND_BYTES;
    const int timeout_ms = UNACKNOWLEDGED_MS;
    int fd = s_bind (address, port, true);
    if (fd >= 0) {
        setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
        setsockopt (fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
    }
    if (fd >= 0 && listen (fd, BACKLOG) == 0)
        return fd;
    s_blame (address, port, errno);
    if (fd >= 0)
        close (fd);
    return -1;
}
