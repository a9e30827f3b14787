//  Fuzz answers of HTTP as downlink-launch and downlink-query get them: an answer in two packets
//  reads the same as in one, and bodies are JSON of any kind. The first byte is the place of the
//  cut.
//  SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/client/http_client.h"
#include "launch/complaints.h"
#include "query/gateway_stats.h"
#include "tests/fuzz/input.h"

static void
s_write (int fd, text_t bytes)
{
    g_assert (write (fd, bytes.data, bytes.size) == (ssize_t) bytes.size);
}

//  Read an answer in two packets. The caller frees the buffer.
static http_step_t
s_read (text_t bytes, size_t cut, http_answer_t *answer)
{
    int pair[2];
    *answer = (http_answer_t){.buffer = g_byte_array_new ()};
    g_assert (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    http_line_t *line = http_line_new (pair[0], NULL, NULL);
    http_step_t step = HTTP_MORE;
    if (cut > 0) {
        s_write (pair[1], text_of (bytes.data, cut));
        step = http_answer_read (answer, line);
    }
    if (step == HTTP_MORE && cut < bytes.size) {
        s_write (pair[1], text_of (bytes.data + cut, bytes.size - cut));
        step = http_answer_read (answer, line);
    }
    close (pair[1]);
    http_line_destroy (&line);
    return step;
}

static void
s_complain (const http_answer_t *answer)
{
    http_place_t place = {
        .url = (char *) "http://gateway/messages", .authority = (char *) "gateway"};
    complaints_t complaints = {.place = &place, .retry_ms = 1};
    complaints_add_refusal (&complaints, answer);
}

static void
s_stats (const char *json)
{
    gateway_stats_t *stats = gateway_stats_new ();
    bool is_read = gateway_stats_read (stats, json);
    g_assert (is_read || (stats->uptime_ms == 0 && stats->processors->len == 0));
    gateway_stats_free (stats);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    size_t cut = input_byte (&input);
    text_t bytes = input_rest (&input);
    http_answer_t whole;
    http_answer_t pieces;
    http_step_t step = s_read (bytes, 0, &whole);
    http_step_t other = s_read (bytes, MIN (cut, bytes.size), &pieces);
    //  What follows a complete answer may have come with it.
    g_assert (step == other);
    g_assert (step != HTTP_ANSWERED ||
              (whole.status == pieces.status && whole.body_start == pieces.body_start &&
                  whole.body_size == pieces.body_size));
    if (step == HTTP_ANSWERED) {
        g_assert (whole.status >= 100 && whole.status < 600);
        g_assert (whole.body_size <= whole.buffer->len - whole.body_start);
        s_complain (&whole);
        g_byte_array_append (whole.buffer, (const guint8 *) "", 1);
        s_stats ((const char *) whole.buffer->data + whole.body_start);
    }
    g_byte_array_unref (whole.buffer);
    g_byte_array_unref (pieces.buffer);
    return 0;
}
