//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/decoded_body.h"

#include "http/answers.h"
#include "http/coding/http_coding.h"

#define KEPT_BYTES ((guint) 1024 * 1024)

//  Return true if the body is decoded; else answer the request.
static bool
s_accept (http_request_t *request, decode_t result)
{
    switch (result) {
    case DECODE_DONE:
        return true;
    case DECODE_BROKEN:
        answer_problem (request, 400, "bad-body",
            "the body is not what its Content-Encoding says, or ends too early");
        break;
    case DECODE_TOO_LARGE:
        answer_problem (request, 413, "body-too-large",
            "the decoded body is larger than this gateway takes (--max-body)");
        break;
    case DECODE_TOO_DENSE:
        answer_problem (request, 413, "body-too-large",
            "the decoded body is more than " G_STRINGIFY (
                CODING_RATIO_MAX) " times as large as the encoded one");
        break;
    }
    return false;
}

bool
decoded_body_take (http_request_t *request, size_t limit, GByteArray *room, text_t *body)
{
    http_coding_t coding =
        http_coding_read (http_request_field (request, HTTP_FIELD_CONTENT_ENCODING));
    *body = http_request_body (request);
    if (coding == CODING_IDENTITY)
        return true;
    if (coding == CODING_UNKNOWN) {
        answer_problem_with (
            request, &(problem_t){.status = 415,
                         .name = "unsupported-encoding",
                         .detail = "Content-Encoding must be gzip, zstd or identity",
                         .accept_encoding = HTTP_CODINGS});
        return false;
    }
    g_byte_array_set_size (room, 0);
    if (!s_accept (request, http_decode (coding, *body, limit, room)))
        return false;
    guint size = room->len;
    g_byte_array_set_size (room, size + HTTP_BODY_PADDING);
    memset (room->data + size, 0, HTTP_BODY_PADDING);
    *body = text_of ((const char *) room->data, size);
    return true;
}

void
decoded_body_drop (GByteArray **room_p)
{
    if ((*room_p)->len <= KEPT_BYTES)
        return;
    g_byte_array_unref (*room_p);
    *room_p = g_byte_array_new ();
}
