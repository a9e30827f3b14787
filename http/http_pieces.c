//  SPDX-License-Identifier: Apache-2.0
#include "http/http_pieces.h"

bool
http_pieces_are_due (http_request_t *request, uint64_t bytes)
{
    const http_config_t *config = &request->server->config;
    if (request->is_in_pieces || request->is_pieces_asked || bytes <= HTTP_PIECE_BYTES)
        return request->is_in_pieces;
    request->is_pieces_asked = true;
    request->is_in_pieces = config->takes_pieces && config->takes_pieces (config->context, request);
    //  What was gathered before is part of the first piece.
    text_t body = http_body_text (&request->body);
    const char *end = memrchr (body.data, '\n', body.size);
    request->piece_size = end ? (size_t) (end - body.data) + 1 : 0;
    request->received = body.size;
    return request->is_in_pieces;
}

//  Suspend the connection of a request that was held while its body is under way.
static void
s_pause (http_request_t *request)
{
    http_connections_enter (&request->server->connections, request->connection, CONNECTION_HELD);
    request->is_suspended = true;
    MHD_suspend_connection (request->mhd);
}

//  Show the piece that is there, if it is large enough.
static void
s_show_piece (http_request_t *request)
{
    const http_config_t *config = &request->server->config;
    http_body_t *body = &request->body;
    if (body->size < HTTP_PIECE_BYTES || request->piece_size == 0)
        return;
    if (config->piece (config->context, request, text_of (body->data, request->piece_size))) {
        http_body_drop (body, request->piece_size);
        request->piece_size = 0;
    }
    else
        g_assert (request->expired);  //  neither taken nor held
}

body_result_t
http_pieces_take (http_request_t *request, text_t bytes)
{
    http_server_t *self = request->server;
    http_body_t *body = &request->body;
    const char *first = memchr (bytes.data, '\n', bytes.size);
    const char *last = first ? memrchr (bytes.data, '\n', bytes.size) : NULL;
    size_t line =
        body->size - request->piece_size + (first ? (size_t) (first - bytes.data) : bytes.size);
    request->received += bytes.size;
    request->is_line_too_long |= line > HTTP_LINE_MAX_BYTES;
    if (request->received > self->config.max_body_bytes || request->is_line_too_long)
        return BODY_TOO_LARGE;
    if (last)
        request->piece_size = body->size + (size_t) (last - bytes.data) + 1;
    body_result_t result = http_body_add (body, &self->bodies, bytes, 0);
    if (result != BODY_TAKEN)
        return result;
    //  More chunks that were read already may come in while it is held.
    if (request->expired)
        return BODY_TAKEN;
    s_show_piece (request);
    if (request->expired)
        s_pause (request);
    return BODY_TAKEN;
}

void
http_go_on (http_request_t *self)
{
    http_request_release (self);
    if (!self->mhd) {
        http_request_free (self);
        return;
    }
    if (self->body_result == BODY_TAKEN)
        s_show_piece (self);
    if (self->expired)
        return;
    http_connections_enter (&self->server->connections, self->connection, CONNECTION_BODY);
    http_request_resume (self);
}
