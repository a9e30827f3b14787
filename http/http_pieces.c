//  SPDX-License-Identifier: Apache-2.0
#include "http/http_pieces.h"

//  Return the number of lines that end in these bytes.
static size_t
s_count_lines (text_t bytes)
{
    size_t lines = 0;
    const char *end = bytes.data + bytes.size;
    const char *next = bytes.data;
    while (next < end && (next = memchr (next, '\n', (size_t) (end - next)))) {
        next++;
        lines++;
    }
    return lines;
}

bool
http_pieces_are_due (http_request_t *request, uint64_t bytes)
{
    const http_config_t *config = &request->server->config;
    if (request->phase != REQUEST_BODY || bytes <= HTTP_PIECE_BYTES)
        return request->phase == REQUEST_PIECES || request->phase == REQUEST_PAUSED;
    bool is_due = config->takes_pieces && config->takes_pieces (config->context, request);
    http_request_enter (request, is_due ? REQUEST_PIECES : REQUEST_WHOLE);
    //  The bytes that were gathered before are part of the first piece.
    text_t body = http_body_text (&request->body);
    const char *end = memrchr (body.data, '\n', body.size);
    request->piece_size = end ? (size_t) (end - body.data) + 1 : 0;
    request->piece_lines = s_count_lines (body);
    request->received = body.size;
    return is_due;
}

//  Return the size of the first lines of a piece, and set *lines to their number: all lines, or
//  HTTP_PIECE_LINES if there are more.
static size_t
s_cut (const http_request_t *request, size_t *lines)
{
    const char *data = request->body.data;
    *lines = MIN (request->piece_lines, HTTP_PIECE_LINES);
    if (*lines == request->piece_lines)
        return request->piece_size;
    const char *next = data;
    for (size_t line = 0; line < *lines; line++)
        next = (const char *) memchr (next, '\n', request->piece_size - (size_t) (next - data)) + 1;
    return (size_t) (next - data);
}

static bool
s_is_due (const http_request_t *request)
{
    return request->piece_size > 0 &&
           (request->body.size >= HTTP_PIECE_BYTES || request->piece_lines >= HTTP_PIECE_LINES);
}

void
http_pieces_show (http_request_t *request)
{
    const http_config_t *config = &request->server->config;
    while (s_is_due (request)) {
        size_t lines;
        size_t size = s_cut (request, &lines);
        if (!config->piece (config->context, request, text_of (request->body.data, size))) {
            g_assert (request->phase == REQUEST_PAUSED);  //  else it is neither taken nor held
            return;
        }
        http_body_drop (&request->body, size);
        request->piece_size -= size;
        request->piece_lines -= lines;
        //  The piece was taken, and yet the request is held: the rest waits.
        if (request->phase == REQUEST_PAUSED)
            return;
    }
}

//  Return the known length of the line to which the first of these bytes belong.
static size_t
s_line_size (const http_request_t *request, text_t bytes)
{
    const char *end = memchr (bytes.data, '\n', bytes.size);
    return request->body.size - request->piece_size +
           (end ? (size_t) (end - bytes.data) : bytes.size);
}

//  Add bytes to the body, and find the end of the last whole line.
static body_result_t
s_add (http_request_t *request, text_t bytes)
{
    http_server_t *self = request->server;
    http_body_t *body = &request->body;
    request->received += bytes.size;
    if (s_line_size (request, bytes) > HTTP_LINE_MAX_BYTES)
        return BODY_LINE_TOO_LONG;
    if (request->received > self->config.max_body_bytes)
        return BODY_TOO_LARGE;
    const char *end = memrchr (bytes.data, '\n', bytes.size);
    if (end)
        request->piece_size = body->size + (size_t) (end - bytes.data) + 1;
    request->piece_lines += s_count_lines (bytes);
    return http_body_add (body, &self->bodies, bytes, 0);
}

body_result_t
http_pieces_take (http_request_t *request, text_t bytes)
{
    body_result_t result = s_add (request, bytes);
    //  While the request is held, chunks may come that the library had read before.
    if (result != BODY_TAKEN || request->phase == REQUEST_PAUSED)
        return result;
    http_pieces_show (request);
    if (request->phase == REQUEST_PAUSED) {
        http_connections_enter (
            &request->server->connections, request->connection, CONNECTION_HELD);
        http_request_suspend (request);
    }
    return BODY_TAKEN;
}
