//  SPDX-License-Identifier: Apache-2.0
#include "http/http_connections.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define FRESH_MS 15000
#define IDLE_MS 60000
#define HEAD_MS 10000
#define BODY_MS 15000
#define SENDING_MS 60000
#define STREAM_MS 45000
#define STREAM_SEND_BYTES (64 * 1024)  //  the kernel doubles it
#define STREAM_UNACKNOWLEDGED_MS 30000
#define BODY_STEP_BYTES 65536

static const int64_t s_limits_ms[CONNECTION_PHASES] = {[CONNECTION_FRESH] = FRESH_MS,
    [CONNECTION_IDLE] = IDLE_MS,
    [CONNECTION_HEAD] = HEAD_MS,
    [CONNECTION_BODY] = BODY_MS,
    [CONNECTION_HELD] = INT64_MAX,
    [CONNECTION_SENDING] = SENDING_MS,
    [CONNECTION_STREAM] = STREAM_MS};

//  libmicrohttpd has no way to answer before a request is complete, so this goes straight out.
static const char s_timeout_answer[] = "HTTP/1.1 408 Request Timeout\r\n"
                                       "Connection: close\r\n"
                                       "Content-Type: application/problem+json\r\n"
                                       "Content-Length: 133\r\n"
                                       "\r\n"
                                       "{\"type\":\"urn:downlink:problem:request-timeout\","
                                       "\"title\":\"Request Timeout\",\"status\":408,"
                                       "\"detail\":\"the request did not arrive in time\"}\n";

void
http_connections_init (http_connections_t *self)
{
    memset (self, 0, sizeof *self);
}

http_connection_t *
http_connections_add (http_connections_t *self, int fd)
{
    http_connection_t *connection = g_new0 (http_connection_t, 1);
    connection->fd = fd;
    connection->entered_ms = self->now_ms;
    connection->link.data = connection;
    g_queue_push_tail_link (&self->phases[CONNECTION_FRESH], &connection->link);
    return connection;
}

void
http_connections_remove (http_connections_t *self, http_connection_t *connection)
{
    g_queue_unlink (&self->phases[connection->phase], &connection->link);
    g_free (connection);
}

void
http_connections_enter (
    http_connections_t *self, http_connection_t *connection, connection_phase_t phase)
{
    g_queue_unlink (&self->phases[connection->phase], &connection->link);
    connection->phase = phase;
    connection->entered_ms = self->now_ms;
    connection->body_bytes = 0;
    g_queue_push_tail_link (&self->phases[phase], &connection->link);
}

void
http_connections_stream (http_connections_t *self, http_connection_t *connection)
{
    const int bytes = STREAM_SEND_BYTES;
    const int timeout_ms = STREAM_UNACKNOWLEDGED_MS;
    setsockopt (connection->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    setsockopt (connection->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
    http_connections_enter (self, connection, CONNECTION_STREAM);
}

void
http_connections_progress (http_connections_t *self, http_connection_t *connection, size_t bytes)
{
    connection->body_bytes += bytes;
    if (connection->body_bytes >= BODY_STEP_BYTES)
        http_connections_enter (self, connection, CONNECTION_BODY);
}

size_t
http_connections_open (const http_connections_t *self)
{
    size_t count = 0;
    for (int phase = 0; phase < CONNECTION_PHASES; phase++)
        count += self->phases[phase].length;
    return count;
}

size_t
http_connections_idle (const http_connections_t *self)
{
    return self->phases[CONNECTION_FRESH].length + self->phases[CONNECTION_IDLE].length;
}

static void
s_close (http_connections_t *self, const http_connection_t *connection)
{
    bool is_asking = connection->phase == CONNECTION_HEAD || connection->phase == CONNECTION_BODY;
    self->timeouts += is_asking;
    if (is_asking)
        (void) !send (connection->fd, s_timeout_answer, sizeof s_timeout_answer - 1,
            MSG_DONTWAIT | MSG_NOSIGNAL);
    //  libmicrohttpd owns the descriptor; it finds the end of the stream and closes it.
    shutdown (connection->fd, SHUT_RDWR);
}

int64_t
http_connections_expire (http_connections_t *self)
{
    int64_t next_ms = INT64_MAX;
    for (int phase = 0; phase < CONNECTION_PHASES; phase++) {
        GQueue *queue = &self->phases[phase];
        while (phase != CONNECTION_HELD && queue->head) {
            http_connection_t *connection = queue->head->data;
            int64_t due_ms = connection->entered_ms + s_limits_ms[phase];
            if (due_ms > self->now_ms) {
                next_ms = MIN (next_ms, due_ms);
                break;
            }
            s_close (self, connection);
            //  Should the close go unnoticed, it is tried again after the same time.
            http_connections_enter (self, connection, (connection_phase_t) phase);
        }
    }
    return next_ms;
}
