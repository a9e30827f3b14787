//  SPDX-License-Identifier: Apache-2.0
#include "http/connection/http_parting.h"

#include <glib.h>
#include <string.h>

#include "http/rules/http_limits.h"
#include "http/rules/http_status.h"

#define ANSWER_SIZE 1024

static const struct {
    unsigned status;
    const char *name;
    const char *detail;
} s_partings[] = {
    [PARTING_TIMEOUT] = {408, "request-timeout", "the request did not arrive in time"},
    [PARTING_CUT_OFF] = {400, "bad-request", "the connection ended in the middle of the request"},
    [PARTING_HEAD_TOO_LARGE] = {431, "head-too-large",
        "the head of a request may have " G_STRINGIFY (
            HTTP_HEAD_MAX_BYTES) " bytes and " G_STRINGIFY (HTTP_HEAD_MAX_FIELDS) " fields"},
    [PARTING_CHUNK_LINE] = {400, "bad-request", "a chunk-size line of the body is too long"},
    [PARTING_BODY_TOO_LARGE] = {413, "body-too-large", "the body is too large"},
    [PARTING_BUSY] = {503, "busy", "too many bodies are in progress; send this one again"},
    [PARTING_STOPPING] = {503, "stopping",
        "the server is stopping and the request was not complete; send it again"},
    [PARTING_MALFORMED] = {400, "bad-request", "the request is not well-formed"},
    [PARTING_TARGET_TOO_LONG] = {414, "target-too-long",
        "the head of a request may have " G_STRINGIFY (HTTP_HEAD_MAX_BYTES) " bytes"},
    [PARTING_VERSION] = {505, "http-version", "this server speaks HTTP/1.1 and HTTP/1.0"},
    [PARTING_PLAIN] = {400, "plain-http", "this port speaks TLS: use https:// in the URL"}};

unsigned
http_parting_status (http_parting_t parting)
{
    return s_partings[parting].status;
}

const char *
http_parting_name (http_parting_t parting)
{
    return s_partings[parting].name;
}

const char *
http_parting_detail (http_parting_t parting)
{
    return s_partings[parting].detail;
}

void
http_parting_send (http_parting_t parting, const char *detail, const http_wire_t *wire)
{
    char body[ANSWER_SIZE];
    char answer[2 * ANSWER_SIZE];
    unsigned status = s_partings[parting].status;
    int size = g_snprintf (body, sizeof body,
        "{\"type\":\"urn:downlink:problem:%s\",\"title\":\"%s\",\"status\":%u,\"detail\":\"%s\"}\n",
        s_partings[parting].name, http_status_title (status), status, detail);
    int count = g_snprintf (answer, sizeof answer,
        "HTTP/1.1 %u %s\r\n"
        "Connection: close\r\n"
        "Content-Type: application/problem+json\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "%s"
        "Content-Length: %d\r\n"
        "\r\n"
        "%s",
        status, http_status_title (status), status == 503 ? "Retry-After: 1\r\n" : "", size, body);
    http_wire_end (wire, answer, (size_t) count);
}
