//  SPDX-License-Identifier: Apache-2.0
#include "http/http_head.h"

#include "http/answers.h"
#include "http/http_pieces.h"
#include "http/rules/http_limits.h"

//  libmicrohttpd 1.0 checks the lines of the head itself.
#define CHECKS_LINES (MHD_VERSION < 0x01000000)

static const char s_cookie[] = "Cookie";  //  see http_head_keep_unparsed

//  libmicrohttpd parses parameters and cookies into records of 64 bytes each, which can exceed the
//  memory of a connection. The server does not need them: end the parameters before the first one,
//  and let the library find an empty Cookie before the client's.
void
http_head_keep_unparsed (const char *target, struct MHD_Connection *mhd)
{
    char *query = strchr ((char *) (uintptr_t) target, '?');
    if (query)
        query[1] = 0;
    MHD_set_connection_value_n (mhd, MHD_HEADER_KIND, s_cookie, sizeof s_cookie - 1, "", 0);
}

static void
s_take_id (http_request_t *request, http_field_t field, text_t value)
{
    text_t id;
    request_id_source_t source = request_id_read (field, value, &id);
    if (source <= request->id_source)
        return;
    g_free (request->id);
    request->id = g_strndup (id.data, id.size);
    request->id_source = source;
}

static enum MHD_Result
s_look_at_field (void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
    const char *value, size_t value_size)
{
    (void) kind;
    http_request_t *request = context;
    if (name == s_cookie)
        return MHD_YES;
    http_field_t field = http_field_of (text_of (name, name_size));
    request->fields++;
    if (request->counts[field]++ == 0)
        request->values[field] = value;
    if (field == HTTP_FIELD_X_REQUEST_ID || field == HTTP_FIELD_TRACEPARENT)
        s_take_id (request, field, text_of (value, value_size));
    http_guard_field (
        &request->guard, field, text_of (name, name_size), text_of (value, value_size));
    return MHD_YES;
}

//  Return the size of the head, from the method to the empty line.
static size_t
s_head_size (const http_request_t *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info (request->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info->header_size;
}

//  Return true if the head is within the limits. Otherwise libmicrohttpd may lack memory for an
//  answer.
static bool
s_head_is_small (const http_request_t *request)
{
    return s_head_size (request) <= HTTP_HEAD_MAX_BYTES && request->fields <= HTTP_HEAD_MAX_FIELDS;
}

//  Ask whether a body is wanted. Return false if the request is answered instead.
static bool
s_admit (http_request_t *request)
{
    const http_config_t *config = &request->server->config;
    const http_guard_t *guard = &request->guard;
    if (!config->admit || (guard->content_length == 0 && guard->transfer_encodings == 0))
        return true;
    request->is_admitted = config->admit (config->context, request);
    return request->is_admitted;
}

bool
http_head_check (http_request_t *request, const char *target, const char *version)
{
    http_server_t *self = request->server;
    http_guard_t *guard = &request->guard;
    if (CHECKS_LINES)
        http_guard_lines (guard, request->method, target, request->target_size, version);
    MHD_get_connection_values_n (request->mhd, MHD_HEADER_KIND, s_look_at_field, request);
    if (CHECKS_LINES)
        http_guard_end (guard, request->method + s_head_size (request));
    if (!s_head_is_small (request))
        return false;
    const char *fault = http_guard_verdict (guard, strcmp (version, MHD_HTTP_VERSION_1_1) == 0);
    if (fault)
        answer_problem (request, 400, "bad-request", fault);
    else if (request->guard.content_length > self->config.max_body_bytes)
        answer_problem (request, 413, "body-too-large", self->config.body_too_large);
    else if (request->guard.content_length > 0 &&
             http_bodies_are_full (&self->bodies, request->guard.content_length))
        answer_problem (request, 503, "busy", http_parting_detail (PARTING_BUSY));
    else if (s_admit (request)) {
        http_request_enter (request, REQUEST_BODY);
        if (!guard->is_length_known || guard->content_length > HTTP_BODY_SMALL_BYTES)
            request->body.client = http_request_client (request);
        (void) http_pieces_are_due (request, request->guard.content_length);
    }
    http_connections_enter (&self->connections, request->connection, CONNECTION_BODY);
    return true;
}
