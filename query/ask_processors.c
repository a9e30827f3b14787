//  SPDX-License-Identifier: Apache-2.0
#include "query/ask_processors.h"

#include "common/clock.h"
#include "common/socket.h"

static void
s_free_answer (void *data)
{
    answer_t *answer = data;
    g_free (answer->processor);
    if (answer->bytes)
        g_bytes_unref (answer->bytes);
    g_free (answer);
}

//  The query endpoint of a processor that is known by the port of its frames.
static char *
s_endpoint (const char *processor)
{
    const char *colon = strrchr (processor, ':');
    guint64 port = 0;
    if (!colon || !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65533, &port, NULL))
        return NULL;
    return g_strdup_printf (
        "tcp://%.*s:%u", (int) (colon - processor), processor, (unsigned) port + 1);
}

static void
s_receive (answer_t *answer, socket_t *socket, int64_t timeout_ms)
{
    int64_t until_ms = clock_ms () + timeout_ms;
    text_t part;
    bool more = false;
    while (!socket_receive (socket, &part, &more)) {
        int64_t left_ms = until_ms - clock_ms ();
        if (left_ms <= 0)
            return;
        socket_item_t item = {.socket = socket};
        socket_poll (&item, 1, left_ms);
    }
    GBytes *bytes = g_bytes_new (part.data, part.size);
    msgpack_reader_t reader;
    msgpack_reader_init (&reader, g_bytes_get_data (bytes, NULL), part.size);
    if (reply_read (&answer->reply, &reader))
        answer->bytes = bytes;
    else
        g_bytes_unref (bytes);
}

GPtrArray *
ask_processors (const char *processors, const query_t *query, int64_t timeout_ms)
{
    GPtrArray *answers = g_ptr_array_new_with_free_func (s_free_answer);
    GByteArray *question = g_byte_array_new ();
    query_write (question, query);
    char **names = g_strsplit (processors, ",", -1);
    for (char **name = names; *name; name++) {
        answer_t *answer = g_new0 (answer_t, 1);
        answer->processor = g_strdup (g_strstrip (*name));
        g_ptr_array_add (answers, answer);
        char *endpoint = s_endpoint (answer->processor);
        socket_t *socket = endpoint ? socket_connect (SOCKET_REQ, endpoint) : NULL;
        if (socket && socket_send (socket, question->data, question->len, false))
            s_receive (answer, socket, timeout_ms);
        socket_destroy (&socket);
        g_free (endpoint);
    }
    g_strfreev (names);
    g_byte_array_unref (question);
    return answers;
}
