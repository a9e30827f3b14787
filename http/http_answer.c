//  Answers with a whole body, and streams.
//  SPDX-License-Identifier: Apache-2.0
#include <microhttpd.h>
#include <sys/socket.h>

#include "common/process/clock.h"
#include "http/answers.h"
#include "http/http_encoding.h"
#include "http/http_parts.h"
#include "http/http_request.h"

#define STREAM_BLOCK_BYTES (16 * 1024)

//  Fields that pages of another origin may read, besides those that every page may read.
#define CORS_EXPOSED                                                                               \
    "Accept-Encoding, Allow, ETag, Link, Preference-Applied, RateLimit, RateLimit-Policy, "        \
    "Retry-After, WWW-Authenticate, X-Request-Id"

//  libmicrohttpd before 1.0 takes a bare LF for the end of a line of a chunked body. Proxies may
//  read that differently, so the server reads no further request after such a body.
static bool
s_may_end_early (const http_request_t *request)
{
    return MHD_VERSION < 0x01000000 && request->guard.transfer_encodings > 0;
}

//  Return true if this answer closes its connection: because too many connections are idle, the
//  server stops, or the end of the request is uncertain.
static bool
s_is_last (const http_request_t *request)
{
    const http_server_t *self = request->server;
    bool is_one_too_many =
        request->connection->requests == 1 &&
        http_connections_idle (&self->connections) > self->config.idle_connections;
    return is_one_too_many || !self->is_listening || s_may_end_early (request);
}

//  Return true if another request may get the same answer, because nothing in it belongs to this
//  request alone. Most answers of a busy server are the same few bytes.
static bool
s_may_be_shared (const http_request_t *request, const http_response_t *response)
{
    return !response->fields[0].name && !request->id && !s_is_last (request) &&
           response->body.size > 0 && response->body.size <= sizeof request->server->last->body;
}

static void
s_add_content_type (struct MHD_Response *body, const char *type)
{
    if (!type)
        return;
    MHD_add_response_header (body, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (g_str_has_suffix (type, "json"))
        MHD_add_response_header (body, "X-Content-Type-Options", "nosniff");
}

//  Return an answer with this body. Take the body. Our Date field costs more than the date that the
//  library writes, so only an answer that may be shared gets one.
static answer_t *
s_new_answer (
    const http_request_t *request, const http_response_t *response, struct MHD_Response *body)
{
    const char *cors = request->server->config.cors;
    answer_t *self = g_rc_box_new (answer_t);
    if (!body)
        g_error ("http_answer: libmicrohttpd has no memory");
    *self = (answer_t){.response = body, .status = response->status};
    if (s_may_be_shared (request, response))
        MHD_add_response_header (body, MHD_HTTP_HEADER_DATE, request->server->date.text);
    if (response->status != MHD_HTTP_NOT_MODIFIED)
        s_add_content_type (body, response->content_type);
    for (size_t index = 0; index < HTTP_FIELDS_MAX && response->fields[index].name; index++)
        MHD_add_response_header (body, response->fields[index].name, response->fields[index].value);
    if (request->id)
        MHD_add_response_header (body, "X-Request-Id", request->id);
    if (cors) {
        MHD_add_response_header (body, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, cors);
        MHD_add_response_header (body, "Access-Control-Expose-Headers", CORS_EXPOSED);
    }
    if (http_encoding_pays (request, response))
        MHD_add_response_header (body, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    if (s_is_last (request))
        MHD_add_response_header (body, MHD_HTTP_HEADER_CONNECTION, "close");
    return self;
}

//  Return an answer in a coding. libmicrohttpd ends a body of unknown size with a chunk, even where
//  no body is allowed: so a 304 gets an empty body of known size.
static answer_t *
s_new_encoded_answer (
    http_request_t *request, const http_response_t *response, http_coding_t coding)
{
    if (response->status == MHD_HTTP_NOT_MODIFIED)
        return s_new_answer (
            request, response, MHD_create_response_from_buffer (0, NULL, MHD_RESPMEM_PERSISTENT));
    answer_t *self =
        s_new_answer (request, response, http_encoding_body (request, response, coding));
    MHD_add_response_header (
        self->response, MHD_HTTP_HEADER_CONTENT_ENCODING, http_coding_name (coding));
    return self;
}

static answer_t *
s_new_whole_answer (const http_request_t *request, const http_response_t *response)
{
    return s_new_answer (request, response,
        MHD_create_response_from_buffer (response->body.size,
            (void *) (uintptr_t) response->body.data,
            response->is_static ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY));
}

static bool
s_is_the_same (const answer_t *answer, const http_response_t *response)
{
    return answer && answer->status == response->status && answer->size == response->body.size &&
           g_strcmp0 (answer->content_type, response->content_type) == 0 &&
           memcmp (answer->body, response->body.data, answer->size) == 0;
}

static answer_t *
s_share_answer (const http_request_t *request, const http_response_t *response)
{
    answer_t **last_p = &request->server->last;
    if (!s_may_be_shared (request, response))
        return s_new_whole_answer (request, response);
    if (!s_is_the_same (*last_p, response)) {
        answer_unref (last_p);
        *last_p = s_new_whole_answer (request, response);
        (*last_p)->content_type = response->content_type;
        (*last_p)->size = response->body.size;
        memcpy ((*last_p)->body, response->body.data, response->body.size);
    }
    return g_rc_box_acquire (*last_p);
}

static void
s_count (http_request_t *request, const http_response_t *response)
{
    const http_config_t *config = &request->server->config;
    int64_t us = request->shown_us ? clock_us () - request->shown_us : 0;
    if (config->answered)
        config->answered (config->context, request, response->status, response->problem, us);
}

//  Free a request whose client is gone. Return false if the client is still connected.
static bool
s_forget (http_request_t *request)
{
    if (request->phase != REQUEST_GONE)
        return false;
    http_request_free (request);
    return true;
}

static void
s_give (http_request_t *request, answer_t *answer, http_phase_t phase)
{
    http_request_enter (request, phase);
    request->answer = answer;
    request->server->is_due = true;
    http_request_resume (request);
}

//  Count a large answer. Return false if it has no room.
static bool
s_begin_large (http_request_t *request, const http_response_t *response)
{
    http_server_t *server = request->server;
    size_t size = response->body.size;
    if (size <= UNREAD_SMALL_BYTES)
        return true;
    request->unread = http_unread_begin (&server->unread, request->connection->wire.fd, size,
        response->is_static ? 0 : size, server->connections.now_ms);
    return request->unread != NULL;
}

static void
s_answer_busy (http_request_t *request)
{
    answer_problem (
        request, 503, "busy", "clients have not taken too many answers yet; please try again");
}

void
http_answer (http_request_t *self, const http_response_t *response)
{
    if (s_forget (self))
        return;
    if (!s_begin_large (self, response)) {
        s_answer_busy (self);
        return;
    }
    s_count (self, response);
    http_coding_t coding = http_encoding_choose (self, response);
    s_give (self,
        coding == CODING_IDENTITY ? s_share_answer (self, response)
                                  : s_new_encoded_answer (self, response, coding),
        REQUEST_ANSWERED);
}

//  Suspend the connection while there is nothing to read: the library would call again at once.
static ssize_t
s_read (void *context, uint64_t position, char *buffer, size_t size)
{
    (void) position;
    http_request_t *request = context;
    http_connections_enter (&request->server->connections, request->connection, CONNECTION_STREAM);
    if (request->phase == REQUEST_ABORTED)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    ssize_t count = request->read (request->read_context, buffer, size);
    if (count < 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (count == 0)
        http_request_suspend (request);
    else
        request->server->is_due = true;
    return count;
}

void
http_answer_stream (
    http_request_t *self, const http_response_t *response, http_read_fn *read, void *context)
{
    if (s_forget (self))
        return;
    self->read = read;
    self->read_context = context;
    s_count (self, response);
    s_give (self,
        s_new_answer (self, response,
            MHD_create_response_from_callback (
                MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, s_read, self, NULL)),
        REQUEST_STREAMING);
}

void
http_answer_stream_head (http_request_t *self, const http_response_t *response)
{
    const char *cors = self->server->config.cors;
    GString *head = g_string_new (NULL);
    g_string_append_printf (head,
        "HTTP/1.1 %u OK\r\nDate: %s\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: %s\r\n",
        response->status, self->server->date.text, response->content_type);
    for (size_t index = 0; index < HTTP_FIELDS_MAX && response->fields[index].name; index++)
        g_string_append_printf (
            head, "%s: %s\r\n", response->fields[index].name, response->fields[index].value);
    if (self->id)
        g_string_append_printf (head, "X-Request-Id: %s\r\n", self->id);
    if (cors)
        g_string_append_printf (head,
            "Access-Control-Allow-Origin: %s\r\nAccess-Control-Expose-Headers: " CORS_EXPOSED
            "\r\n",
            cors);
    g_string_append (head, "\r\n");
    s_count (self, response);
    http_request_enter (self, REQUEST_ANSWERED);
    http_wire_end (&self->connection->wire, head->str, head->len);
    self->connection->is_lingering = true;
    http_connections_enter (&self->server->connections, self->connection, CONNECTION_PARTED);
    g_string_free (head, TRUE);
}

void
http_stream_wake (http_request_t *self)
{
    http_request_resume (self);
}

bool
http_client_is_gone (const http_request_t *self)
{
    return http_wire_is_ended (&self->connection->wire);
}

void
http_stream_abort (http_request_t *self)
{
    http_request_enter (self, REQUEST_ABORTED);
    shutdown (self->connection->wire.fd, SHUT_RDWR);
    http_request_resume (self);
}
