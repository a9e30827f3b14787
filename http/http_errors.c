//  The connection of a refusal is certain in two cases: the request deserves the status for any
//  following bytes, or no other connection can have this fault.
//  SPDX-License-Identifier: Apache-2.0
#include "http/http_errors.h"

#include "http/rules/http_limits.h"

#define SUSPECTS_MAX 64  //  connections of a phase to look at

static const char s_begin[] = "Error processing request (HTTP response code is %u";

//  Connections that the library may be about to refuse: one of them, and their number.
typedef struct {
    http_connection_t *connection;
    size_t count;
} suspects_t;

unsigned
http_errors_status (const char *format, va_list values)
{
    if (strncmp (format, s_begin, sizeof s_begin - 1) != 0)
        return 0;
    va_list copy;
    va_copy (copy, values);
    unsigned status = va_arg (copy, unsigned);
    va_end (copy);
    return status;
}

static struct MHD_Connection *
s_mhd (const http_connection_t *connection)
{
    const http_request_t *request = connection->request;
    return request ? request->mhd : NULL;
}

//  Return true if a Content-Length is complete and not a number. The library has only complete
//  fields.
static bool
s_has_bad_length (const http_connection_t *connection)
{
    const char *value = NULL;
    size_t size = 0;
    if (!s_mhd (connection) ||
        MHD_lookup_connection_value_n (s_mhd (connection), MHD_HEADER_KIND,
            MHD_HTTP_HEADER_CONTENT_LENGTH, sizeof MHD_HTTP_HEADER_CONTENT_LENGTH - 1, &value,
            &size) == MHD_NO)
        return false;
    return size == 0 || size > 18 || strspn (value, "0123456789") < size;
}

static bool
s_has_large_head (const http_connection_t *connection)
{
    return http_wire_count_read (&connection->wire) >= HTTP_HEAD_MAX_BYTES ||
           (s_mhd (connection) && MHD_get_connection_values (s_mhd (connection), MHD_HEADER_KIND,
                                      NULL, NULL) > HTTP_HEAD_MAX_FIELDS);
}

static bool
s_has_begun (const http_connection_t *connection)
{
    return http_wire_count_read (&connection->wire) > 0;
}

//  Return true if bytes may have been read since the last answer.
static bool
s_has_gone_on (const http_connection_t *connection)
{
    return !connection->is_looked_at ||
           http_wire_count_read (&connection->wire) != connection->bytes_read;
}

static bool
s_is_chunked (const http_connection_t *connection)
{
    const http_request_t *request = connection->request;
    return request && request->guard.transfer_encodings > 0;
}

static bool
s_is_any (const http_connection_t *connection)
{
    return connection->request != NULL;
}

//  Add the suspects among the connections of a phase. Too many connections count as many suspects.
static void
s_add (suspects_t *self, const http_server_t *server, connection_phase_t phase,
    bool (*is_suspect) (const http_connection_t *))
{
    const GQueue *queue = &server->connections.phases[phase];
    if (queue->length > SUSPECTS_MAX)
        self->count += SUSPECTS_MAX;
    else
        for (const GList *link = queue->tail; link; link = link->prev)
            if (is_suspect (link->data)) {
                self->connection = link->data;
                self->count++;
            }
}

//  Add the connections on which the library may read a malformed line, head or chunk.
static void
s_add_malformed (suspects_t *self, const http_server_t *server)
{
    s_add (self, server, CONNECTION_FRESH, s_has_begun);
    s_add (self, server, CONNECTION_IDLE, s_has_gone_on);
    s_add (self, server, CONNECTION_HEAD, s_is_any);
    s_add (self, server, CONNECTION_BODY, s_is_chunked);
}

//  Return a connection whose bytes explain the status for certain; NULL if there is none.
static http_connection_t *
s_find_deserving (const http_server_t *server, unsigned status)
{
    suspects_t deserving = {NULL, 0};
    if (status == MHD_HTTP_BAD_REQUEST || status == 413)
        s_add (&deserving, server, CONNECTION_HEAD, s_has_bad_length);
    else if (status == MHD_HTTP_URI_TOO_LONG)
        s_add (&deserving, server, CONNECTION_FRESH, s_has_large_head);
    return deserving.connection;
}

http_connection_t *
http_errors_find (const http_server_t *server, unsigned status, http_parting_t *parting)
{
    suspects_t suspects = {s_find_deserving (server, status), 0};
    suspects.count = suspects.connection != NULL;
    bool is_found = suspects.connection != NULL;
    switch (status) {
    case MHD_HTTP_BAD_REQUEST:
        *parting = PARTING_MALFORMED;
        if (!is_found)
            s_add_malformed (&suspects, server);
        break;
    case 413:
        *parting = PARTING_BODY_TOO_LARGE;
        if (!is_found)
            s_add (&suspects, server, CONNECTION_BODY, s_is_chunked);
        break;
    case MHD_HTTP_URI_TOO_LONG:
        *parting = PARTING_TARGET_TOO_LONG;
        break;
    case 431:
        *parting = PARTING_HEAD_TOO_LARGE;
        s_add (&suspects, server, CONNECTION_HEAD, s_has_large_head);
        s_add (&suspects, server, CONNECTION_BODY, s_is_chunked);
        break;
    case MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED:
        *parting = PARTING_VERSION;
        s_add_malformed (&suspects, server);
        break;
    default:
        break;
    }
    return suspects.count == 1 ? suspects.connection : NULL;
}
