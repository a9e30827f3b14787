//  SPDX-License-Identifier: Apache-2.0
#include "common/client/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/network/host_port.h"
#include "common/network/look_up.h"
#include "common/process/clock.h"

#define HTTP_PORT 80
#define HTTPS_PORT 443
#define LOCAL_ADDRESSES 64
#define ANSWER_MAX_BYTES (16 * 1024 * 1024)
#define HEAD_MAX_BYTES (64 * 1024)

//  Read "host", "host:port" or "[::1]:port". Return NULL, or a sentence about the fault.
static const char *
s_read_authority (http_place_t *self)
{
    char *host = g_strdup (self->authority);
    char *bracket = *host == '[' ? strchr (host, ']') : NULL;
    char *colon = strchr (bracket ? bracket : host, ':');
    guint64 port = self->is_secure ? HTTPS_PORT : HTTP_PORT;
    bool good = !colon || g_ascii_string_to_unsigned (colon + 1, 10, 1, UINT16_MAX, &port, NULL);
    if (colon)
        *colon = 0;
    if (bracket)
        *bracket = 0;
    self->host = g_strdup (bracket ? host + 1 : host);
    self->port = (uint16_t) port;
    g_free (host);
    if (!good)
        return "the port must be a number from 1 to 65535";
    return *self->host ? NULL : "it names no host";
}

//  Return the authority of HOST:PORT, in which a missing part is that of a gateway on this machine;
//  NULL if the text has another form.
static char *
s_usual_authority (const char *text, size_t size)
{
    char *copy = g_strndup (text, size);
    host_port_t place;
    bool good = host_port_read (&place, copy, &host_port_gateway);
    g_free (copy);
    if (!good)
        return NULL;
    return g_strdup_printf (
        strchr (place.host, ':') ? "[%s]:%u" : "%s:%u", place.host, (unsigned) place.port);
}

const char *
http_place_read (http_place_t *self, const char *url)
{
    static const char http[] = "http://";
    static const char https[] = "https://";
    *self = (http_place_t){.is_secure = g_str_has_prefix (url, https)};
    bool has_scheme = self->is_secure || g_str_has_prefix (url, http);
    if (!has_scheme && strstr (url, "://"))
        return "it must begin with http:// or https://";
    if (has_scheme)
        url += strlen (self->is_secure ? https : http);
    size_t size = strcspn (url, "/");
    self->fields = g_strdup ("");
    self->authority = has_scheme ? g_strndup (url, size) : s_usual_authority (url, size);
    if (!self->authority)
        return "it must be http://HOST:PORT/PATH, the same with https, or HOST:PORT as in "
               "localhost:8088, [::1]:8088, "
               "localhost or :8088";
    self->path = g_strdup (url[size] && url[size + 1] ? url + size : "/messages");
    self->url = g_strconcat (self->is_secure ? https : http, self->authority, self->path, NULL);
    return s_read_authority (self);
}

const char *
http_place_resolve (http_place_t *self, int64_t until_ms)
{
    struct addrinfo *found = NULL;
    look_up_t *look_up = look_up_begin (self->host, self->port);
    const char *reason = look_up_end (&look_up, until_ms, &found);
    if (reason)
        return reason;
    memcpy (&self->address, found->ai_addr, found->ai_addrlen);
    self->address_size = found->ai_addrlen;
    freeaddrinfo (found);
    return NULL;
}

const char *
http_place_set_trust (http_place_t *self, const char *file)
{
    const char *fault = NULL;
    self->trust = http_trust_new (file, &fault);
    return fault;
}

void
http_place_set_token (http_place_t *self, const char *token)
{
    g_free (self->fields);
    self->fields = g_strdup_printf ("Authorization: Bearer %s\r\n", token);
}

void
http_place_free (http_place_t *self)
{
    g_free (self->url);
    g_free (self->authority);
    g_free (self->host);
    g_free (self->fields);
    g_free (self->path);
    http_trust_destroy (&self->trust);
}

//  Bind to one of 127.0.0.1 to 127.0.0.64. The kernel chooses the port when it knows the target.
static void
s_bind_locally (int fd, unsigned turn)
{
    struct sockaddr_in local = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK + turn % LOCAL_ADDRESSES)};
    const int yes = 1;
    setsockopt (fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    //  If bind fails, the kernel chooses the address too.
    (void) !bind (fd, (const struct sockaddr *) &local, sizeof local);
}

http_line_t *
http_connect (const http_place_t *place, unsigned turn)
{
    g_assert (!place->is_secure == !place->trust);
    g_assert (place->address_size > 0);
    int fd = socket (place->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
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
        return NULL;
    }
    return http_line_new (fd, place->trust, place->host);
}

//  Return the value of a field of a head; NULL if the field is missing. The head ends with an empty
//  line and a zero byte.
static const char *
s_field (const char *head, const char *name)
{
    size_t size = strlen (name);
    for (const char *line = strstr (head, "\r\n"); line; line = strstr (line + 2, "\r\n"))
        if (g_ascii_strncasecmp (line + 2, name, size) == 0 && line[2 + size] == ':')
            return line + 3 + size + strspn (line + 3 + size, " ");
    return NULL;
}

//  Read the head if all of it has arrived. Return false if it is malformed.
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
        good = (g_str_has_prefix (text, "HTTP/1.1 ") || g_str_has_prefix (text, "HTTP/1.0 ")) &&
               strlen (text) > 12;
        if (good) {
            status = g_ascii_strtoull (text + 9, NULL, 10);
            self->status = (unsigned) status;
            self->body_start = (size_t) (end - text) + 4;
            self->body_size = length ? (size_t) g_ascii_strtoull (length, NULL, 10) : 0;
            self->is_closing =
                text[7] == '0' || (connection && g_ascii_strncasecmp (connection, "close", 5) == 0);
            good = status >= 100 && status < 600 && self->body_size <= ANSWER_MAX_BYTES;
        }
    }
    g_free (text);
    return good;
}

http_step_t
http_answer_read (http_answer_t *self, http_line_t *line)
{
    guint8 piece[16384];
    for (;;) {
        ssize_t size = http_line_receive (line, piece, sizeof piece);
        if (size < 0)
            return errno == EAGAIN ? HTTP_MORE : HTTP_FAILED;
        if (size == 0 || self->buffer->len + (size_t) size > ANSWER_MAX_BYTES)
            return HTTP_FAILED;
        g_byte_array_append (self->buffer, piece, (guint) size);
        if (self->body_start == 0 && !s_read_head (self))
            return HTTP_FAILED;
        //  Every piece of the answer makes us read the head again from its beginning.
        if (self->body_start == 0 && self->buffer->len > HEAD_MAX_BYTES)
            return HTTP_FAILED;
        if (self->body_start && self->buffer->len >= self->body_start + self->body_size)
            return HTTP_ANSWERED;
    }
}

static bool
s_await (int fd, short events, int64_t until_ms)
{
    struct pollfd item = {fd, events, 0};
    return poll (&item, 1, (int) CLAMP (until_ms - clock_ms (), 0, INT_MAX)) == 1;
}

//  Send all of a text that fits into the socket's buffer.
static bool
s_send (http_line_t *line, const char *text, int64_t until_ms)
{
    size_t size = strlen (text);
    short events = POLLOUT;
    while (s_await (http_line_fd (line), events, until_ms)) {
        ssize_t count = http_line_send (line, text, size);
        if (count >= 0 || errno != EAGAIN)
            return count == (ssize_t) size;
        events = http_line_wants_input (line) ? POLLIN : POLLOUT;
    }
    return false;
}

bool
http_get (http_line_t *line, const http_place_t *place, const char *target, int64_t until_ms,
    http_answer_t *answer)
{
    char *request = g_strdup_printf (
        "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, place->authority, place->fields);
    g_byte_array_set_size (answer->buffer, 0);
    *answer = (http_answer_t){.buffer = answer->buffer};
    http_step_t step = s_send (line, request, until_ms) ? HTTP_MORE : HTTP_FAILED;
    while (step == HTTP_MORE && s_await (http_line_fd (line), POLLIN, until_ms))
        step = http_answer_read (answer, line);
    g_byte_array_append (answer->buffer, (const guint8 *) "", 1);
    g_free (request);
    return step == HTTP_ANSWERED;
}
