//  Fuzz a body of lines (NDJSON) that comes in pieces, as a large upload does. The first byte
//  chooses where the body is cut, the rest is the body: pieces of whole lines give the messages of
//  the body as one piece, and the server itself cuts a body into whole lines wherever packets end.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/message_json.h"
#include "http/http_pieces.h"
#include "tests/fuzz/digest.h"
#include "tests/fuzz/input.h"

#define BODY_MAX_BYTES (64 * 1024)
#define LONG_BODY_BYTES (3 * HTTP_PIECE_BYTES)
#define PACKET_BYTES ((size_t) 23 * 1024)

typedef struct {
    size_t accepted;
    size_t refused;
    size_t lines;
    uint64_t digest;
} told_t;

static void
s_accept (void *context, size_t index, const message_t *message)
{
    told_t *told = context;
    told->accepted++;
    told->digest = digest_message (told->digest, index, message);
}

static void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    told_t *told = context;
    told->refused++;
    told->digest = digest_refusal (told->digest, index, pointer, detail);
}

static void
s_read (message_json_t *reader, text_t lines, bool is_first, told_t *told)
{
    char *copy = g_malloc0 (lines.size + MESSAGE_JSON_PADDING);
    memcpy (copy, lines.data, lines.size);
    message_json_read_lines (
        reader, copy, lines.size, is_first, &told->lines, s_accept, s_refuse, told);
    g_free (copy);
}

//  Return the size of the first piece: as many lines as the seed says.
static size_t
s_piece_size (text_t body, unsigned *seed)
{
    size_t size = 0;
    *seed = *seed * 1103515245u + 12345u;
    for (unsigned lines = *seed >> 16 & 3; size < body.size && lines < 4; lines++) {
        const char *end = memchr (body.data + size, '\n', body.size - size);
        size = end ? (size_t) (end - body.data) + 1 : body.size;
    }
    return size;
}

static void
s_compare (text_t body, unsigned seed)
{
    static message_json_t *reader;
    if (!reader)
        reader = message_json_new (BODY_MAX_BYTES);
    told_t whole = {0};
    told_t cut = {0};
    s_read (reader, body, true, &whole);
    g_assert (whole.accepted <= whole.lines);
    for (bool is_first = true; body.size > 0; is_first = false) {
        size_t size = s_piece_size (body, &seed);
        s_read (reader, text_of (body.data, size), is_first, &cut);
        body = text_of (body.data + size, body.size - size);
    }
    g_assert (whole.accepted == cut.accepted && whole.refused == cut.refused);
    g_assert (whole.lines == cut.lines && whole.digest == cut.digest);
}

//  The pieces that the server has shown.
static bool
s_take_piece (void *context, http_request_t *request, text_t lines)
{
    GByteArray *shown = context;
    (void) request;
    g_assert (lines.size > 0 && lines.data[lines.size - 1] == '\n');
    g_byte_array_append (shown, (const guint8 *) lines.data, (guint) lines.size);
    return true;
}

static bool
s_want_pieces (void *context, http_request_t *request)
{
    (void) context;
    (void) request;
    return true;
}

//  Return a long body, the given one again and again.
static GByteArray *
s_repeat (text_t line)
{
    GByteArray *body = g_byte_array_sized_new (2 * LONG_BODY_BYTES);
    g_byte_array_append (body, (const guint8 *) line.data, (guint) line.size);
    while (body->len > 0 && body->len < LONG_BODY_BYTES) {
        guint size = body->len;
        g_byte_array_set_size (body, 2 * size);
        memcpy (body->data + size, body->data, size);
    }
    g_byte_array_set_size (body, MIN (body->len, LONG_BODY_BYTES));
    return body;
}

//  Let the server cut a long body, and put its pieces together.
static void
s_send (text_t line, unsigned seed)
{
    GByteArray *body = s_repeat (line);
    GByteArray *shown = g_byte_array_sized_new (body->len);
    http_server_t server = {.config = {.max_body_bytes = 2 * LONG_BODY_BYTES,
                                .takes_pieces = s_want_pieces,
                                .piece = s_take_piece,
                                .context = shown}};
    http_bodies_init (&server.bodies, 2 * LONG_BODY_BYTES, 4 * LONG_BODY_BYTES);
    http_request_t request = {.server = &server, .phase = REQUEST_BODY};
    bool is_due = http_pieces_are_due (&request, body->len);
    body_result_t result = BODY_TAKEN;
    for (size_t at = 0; is_due && result == BODY_TAKEN && at < body->len;) {
        seed = seed * 1103515245u + 12345u;
        size_t size = MIN (1 + (seed >> 8) % PACKET_BYTES, body->len - at);
        result = http_pieces_take (&request, text_of ((const char *) body->data + at, size));
        at += size;
    }
    text_t rest = http_body_text (&request.body);
    g_byte_array_append (shown, (const guint8 *) rest.data, (guint) rest.size);
    g_assert (result == BODY_TAKEN);
    g_assert (
        !is_due || (shown->len == body->len && memcmp (shown->data, body->data, body->len) == 0));
    http_body_free (&request.body, &server.bodies);
    g_assert (server.bodies.bytes[BODY_POOL_SMALL] == 0);
    g_assert (server.bodies.bytes[BODY_POOL_LARGE] == 0);
    http_bodies_clear (&server.bodies);
    g_byte_array_unref (body);
    g_byte_array_unref (shown);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    uint8_t seed = input_byte (&input);
    text_t body = input_rest (&input);
    if (body.size > BODY_MAX_BYTES)
        return 0;
    s_compare (body, seed);
    if (seed % 32 == 0)
        s_send (body, seed);
    return 0;
}
