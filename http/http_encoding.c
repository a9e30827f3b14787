//  SPDX-License-Identifier: Apache-2.0
#include "http/http_encoding.h"

#include <microhttpd.h>
#include <string.h>

#include "http/coding/http_accept_encoding.h"
#include "http/coding/http_encoder.h"
#include "http/http_parts.h"

#define WORTHWHILE_BYTES ((size_t) 2048)  //  a shorter body fits into two packets as it is
#define ENCODERS_MAX 64                   //  each has a megabyte at most
#define STEP_BYTES (16 * 1024)  //  made in one turn, from ten times as much at most, as a rule

static bool
s_is_text (const char *type)
{
    return type && (g_str_has_prefix (type, "text/") || strstr (type, "json") ||
                       strstr (type, "script") || strstr (type, "svg"));
}

bool
http_encoding_pays (const http_request_t *request, const http_response_t *response)
{
    return response->body.size >= WORTHWHILE_BYTES && s_is_text (response->content_type) &&
           (strcmp (request->method, "GET") == 0 || strcmp (request->method, "HEAD") == 0);
}

http_coding_t
http_encoding_choose (const http_request_t *request, const http_response_t *response)
{
    if (!http_encoding_pays (request, response) || strcmp (request->method, "HEAD") == 0 ||
        request->server->encoders >= ENCODERS_MAX)
        return CODING_IDENTITY;
    char *list = http_request_list (request, HTTP_FIELD_ACCEPT_ENCODING);
    http_coding_t coding = http_accept_encoding_choose (list);
    g_free (list);
    return coding;
}

//  An answer that is being sent.
typedef struct {
    http_server_t *server;
    http_encoder_t *encoder;
} encoding_t;

static ssize_t
s_read (void *context, uint64_t position, char *buffer, size_t size)
{
    (void) position;
    encoding_t *self = context;
    self->server->is_due = true;
    size_t made = http_encoder_read (self->encoder, buffer, size);
    return made > 0 ? (ssize_t) made : MHD_CONTENT_READER_END_OF_STREAM;
}

static void
s_free (void *context)
{
    encoding_t *self = context;
    self->server->encoders--;
    http_encoder_destroy (&self->encoder);
    g_free (self);
}

struct MHD_Response *
http_encoding_body (http_request_t *request, const http_response_t *response, http_coding_t coding)
{
    text_t body = response->body;
    GBytes *bytes = response->is_static ? g_bytes_new_static (body.data, body.size)
                                        : g_bytes_new (body.data, body.size);
    encoding_t *self = g_new0 (encoding_t, 1);
    self->server = request->server;
    self->encoder = http_encoder_new (coding, bytes);
    g_bytes_unref (bytes);
    self->server->encoders++;
    return MHD_create_response_from_callback (MHD_SIZE_UNKNOWN, STEP_BYTES, s_read, self, s_free);
}
