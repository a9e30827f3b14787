//  SPDX-License-Identifier: Apache-2.0
#include "launch/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCAL_ADDRESSES 64
#define ANSWER_MAX_BYTES (16 * 1024 * 1024)

const char *
http_place_read (http_place_t *self, const char *url)
{
    *self = (http_place_t){0};
    if (!g_str_has_prefix (url, "http://"))
        return "it must begin with http://";
    url += strlen ("http://");
    size_t size = strcspn (url, "/");
    self->authority = g_strndup (url, size);
    self->path = g_strdup (url[size] && url[size + 1] ? url + size : "/messages");
    char *host = g_strdup (self->authority);
    char *colon = strrchr (host, ':');
    const char *port = "80";
    if (colon && !strchr (colon, ']')) {
        *colon = 0;
        port = colon + 1;
    }
    char *name = host;
    if (*name == '[' && strchr (name, ']')) {
        name++;
        *strchr (name, ']') = 0;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    //  IPv4 first: a name such as localhost often has both, and servers listen on this one.
    hints.ai_family = AF_INET;
    int result = getaddrinfo (name, port, &hints, &found);
    hints.ai_family = AF_UNSPEC;
    if (result != 0)
        result = getaddrinfo (name, port, &hints, &found);
    g_free (host);
    if (result != 0)
        return gai_strerror (result);
    memcpy (&self->address, found->ai_addr, found->ai_addrlen);
    self->address_size = found->ai_addrlen;
    freeaddrinfo (found);
    return NULL;
}

void
http_place_free (http_place_t *self)
{
    g_free (self->authority);
    g_free (self->path);
}

//  127.0.0.1 to 127.0.0.64 by turn; the kernel chooses the port when it knows the target too.
static void
s_bind_locally (int fd, unsigned turn)
{
    struct sockaddr_in local = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK + turn % LOCAL_ADDRESSES)};
    const int yes = 1;
    setsockopt (fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    //  Should that not be possible, the kernel takes its own choice.
    (void) !bind (fd, (const struct sockaddr *) &local, sizeof local);
}

int
http_connect (const http_place_t *place, unsigned turn)
{
    int fd = socket (place->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    const int yes = 1;
    setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct sockaddr_in four;
    memcpy (&four, &place->address, sizeof four);
    if (place->address.ss_family == AF_INET && ntohl (four.sin_addr.s_addr) >> 24 == 127)
        s_bind_locally (fd, turn);
    if (connect (fd, (const struct sockaddr *) &place->address, place->address_size) != 0 &&
        errno != EINPROGRESS) {
        int error = errno;
        close (fd);
        errno = error;
        return -1;
    }
    return fd;
}

//  The value of a field in a head that ends with an empty line and a zero; NULL without it.
static const char *
s_field (const char *head, const char *name)
{
    size_t size = strlen (name);
    for (const char *line = strstr (head, "\r\n"); line; line = strstr (line + 2, "\r\n"))
        if (g_ascii_strncasecmp (line + 2, name, size) == 0 && line[2 + size] == ':')
            return line + 3 + size + strspn (line + 3 + size, " ");
    return NULL;
}

//  Read the head, once it is all there. False if it is none.
static bool
s_read_head (http_answer_t *self)
{
    char *text = g_strndup ((const char *) self->buffer->data, self->buffer->len);
    char *end = strstr (text, "\r\n\r\n");
    bool good = true;
    if (end) {
        end[2] = 0;
        const char *length = s_field (text, "Content-Length");
        const char *connection = s_field (text, "Connection");
        guint64 status = 0;
        good = g_str_has_prefix (text, "HTTP/1.1 ") && strlen (text) > 12;
        if (good) {
            status = g_ascii_strtoull (text + 9, NULL, 10);
            self->status = (unsigned) status;
            self->body_start = (size_t) (end - text) + 4;
            self->body_size = length ? (size_t) g_ascii_strtoull (length, NULL, 10) : 0;
            self->is_closing = connection && g_ascii_strncasecmp (connection, "close", 5) == 0;
            good = status >= 100 && status < 600;
        }
    }
    g_free (text);
    return good;
}

http_step_t
http_answer_read (http_answer_t *self, int fd)
{
    guint8 piece[16384];
    for (;;) {
        ssize_t size = recv (fd, piece, sizeof piece, 0);
        if (size < 0)
            return errno == EAGAIN ? HTTP_MORE : HTTP_FAILED;
        if (size == 0 || self->buffer->len + (size_t) size > ANSWER_MAX_BYTES)
            return HTTP_FAILED;
        g_byte_array_append (self->buffer, piece, (guint) size);
        if (self->body_start == 0 && !s_read_head (self))
            return HTTP_FAILED;
        if (self->body_start && self->buffer->len >= self->body_start + self->body_size)
            return HTTP_ANSWERED;
    }
}
