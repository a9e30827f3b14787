//  SPDX-License-Identifier: Apache-2.0
#include "query/ask_processors.h"

#include "common/network/look_up.h"
#include "common/network/socket.h"
#include "common/network/socket_keys.h"
#include "common/process/clock.h"
#include "query/protocol/reply.h"

static void
s_free_answer (void *data)
{
    processor_answer_t *answer = data;
    g_free (answer->processor);
    if (answer->bytes)
        g_bytes_unref (answer->bytes);
    g_free (answer);
}

//  A processor that was asked. Its socket lives until it has answered.
typedef struct {
    processor_answer_t *answer;
    socket_t *socket;
} asked_processor_t;

static void
s_ask (GArray *asked, processor_answer_t *answer, const address_t *address, const GByteArray *query)
{
    char endpoint[ADDRESS_ENDPOINT_SIZE];
    address_endpoint (address, PORT_QUERIES, endpoint);
    asked_processor_t one = {answer, socket_connect (SOCKET_REQ, endpoint)};
    answer->address = *address;
    answer->fault = "cannot be asked";
    if (one.socket && socket_send (one.socket, query->data, query->len, false)) {
        answer->fault = socket_keys_are_used ()
                            ? "does not answer: check that a processor runs there, that the port "
                              "is its --port, "
                              "and that it has the same keys (--curve-dir)"
                            : "does not answer: check that a processor runs there, that the port "
                              "is its --port, "
                              "and whether it has keys, which need --curve-dir here too";
        g_array_append_val (asked, one);
    }
    else
        socket_destroy (&one.socket);
}

static processor_answer_t *
s_add (GPtrArray *answers, const char *host, unsigned port)
{
    processor_answer_t *answer = g_new0 (processor_answer_t, 1);
    answer->processor =
        g_strdup_printf (strchr (host, ':') && *host != '[' ? "[%s]:%u" : "%s:%u", host, port);
    g_ptr_array_add (answers, answer);
    return answer;
}

//  A query and the processors that it goes to.
typedef struct {
    GByteArray *query;
    GPtrArray *answers;
    GArray *asked;
} survey_t;

//  Look up all names at once, until the deadline. reasons [index] is the reason if a name has no
//  address. Return the addresses of each name.
static struct addrinfo **
s_look_up (const GArray *names, int64_t until_ms, const char **reasons)
{
    struct addrinfo **found = g_new0 (struct addrinfo *, names->len);
    look_up_t *look_ups[names->len];
    for (guint index = 0; index < names->len; index++) {
        const address_name_t *name = &g_array_index (names, address_name_t, index);
        look_ups[index] = look_up_begin (name->host, name->port);
    }
    for (guint index = 0; index < names->len; index++)
        reasons[index] = look_up_end (&look_ups[index], until_ms, &found[index]);
    return found;
}

//  Ask every address of a name, except the addresses of earlier names.
static void
s_ask_name (
    survey_t *asking, const address_name_t *name, const struct addrinfo *found, GArray *addresses)
{
    guint known = addresses->len;
    addresses_add_found (addresses, found, name->port);
    for (guint index = known; index < addresses->len; index++) {
        const address_t *address = &g_array_index (addresses, address_t, index);
        const char *host = addresses->len == known + 1 ? name->host : address->host;
        s_ask (asking->asked, s_add (asking->answers, host, name->port), address, asking->query);
    }
}

static void
s_take (processor_answer_t *answer, text_t part)
{
    GBytes *bytes = g_bytes_new (part.data, part.size);
    msgpack_reader_t reader;
    msgpack_reader_init (&reader, g_bytes_get_data (bytes, NULL), part.size);
    if (reply_read (&answer->reply, &reader))
        answer->bytes = bytes;
    else {
        answer->fault =
            "sends an answer that cannot be read: check that the port is the --port of a processor";
        g_bytes_unref (bytes);
    }
}

//  Take the replies that have arrived.
static void
s_receive (GArray *asked)
{
    for (guint index = 0; index < asked->len;) {
        asked_processor_t *one = &g_array_index (asked, asked_processor_t, index);
        text_t part;
        bool more = false;
        if (socket_receive (one->socket, &part, &more)) {
            s_take (one->answer, part);
            socket_destroy (&one->socket);
            g_array_remove_index (asked, index);
        }
        else
            index++;
    }
}

static void
s_wait (GArray *asked, int64_t timeout_ms)
{
    int64_t until_ms = clock_ms () + timeout_ms;
    for (s_receive (asked); asked->len > 0 && clock_ms () < until_ms; s_receive (asked)) {
        socket_item_t items[asked->len];
        for (guint index = 0; index < asked->len; index++)
            items[index] =
                (socket_item_t){.socket = g_array_index (asked, asked_processor_t, index).socket};
        socket_poll (items, asked->len, MAX (0, until_ms - clock_ms ()));
    }
    for (guint index = 0; index < asked->len; index++)
        socket_destroy (&g_array_index (asked, asked_processor_t, index).socket);
}

static survey_t
s_begin (const query_t *query, int64_t timeout_ms)
{
    survey_t asking = {g_byte_array_new (), g_ptr_array_new_with_free_func (s_free_answer),
        g_array_new (FALSE, TRUE, sizeof (asked_processor_t))};
    query_t timed = *query;
    timed.deadline_ms = (uint32_t) CLAMP (timeout_ms, 1, QUERY_DEADLINE_MAX_MS);
    query_write (asking.query, &timed);
    return asking;
}

static GPtrArray *
s_end (survey_t *asking, int64_t timeout_ms)
{
    s_wait (asking->asked, timeout_ms);
    g_array_unref (asking->asked);
    g_byte_array_unref (asking->query);
    return asking->answers;
}

GPtrArray *
ask_processors (const char *processors, const query_t *query, int64_t timeout_ms)
{
    survey_t asking = s_begin (query, timeout_ms);
    GArray *names = addresses_parse (processors);
    GArray *addresses = g_array_new (FALSE, TRUE, sizeof (address_t));
    const char *reasons[names->len];
    struct addrinfo **found = s_look_up (names, clock_ms () + timeout_ms, reasons);
    for (guint index = 0; index < names->len; index++) {
        const address_name_t *name = &g_array_index (names, address_name_t, index);
        if (reasons[index])
            s_add (asking.answers, name->host, name->port)->fault =
                "cannot be resolved: check --processors, and the name server";
        else {
            s_ask_name (&asking, name, found[index], addresses);
            freeaddrinfo (found[index]);
        }
    }
    g_free (found);
    g_array_unref (names);
    g_array_unref (addresses);
    return s_end (&asking, timeout_ms);
}

GPtrArray *
ask_addresses (const GArray *addresses, const query_t *query, int64_t timeout_ms)
{
    survey_t asking = s_begin (query, timeout_ms);
    for (guint index = 0; index < addresses->len; index++) {
        const address_t *address = &g_array_index (addresses, address_t, index);
        s_ask (asking.asked, s_add (asking.answers, address->host, address->port), address,
            asking.query);
    }
    return s_end (&asking, timeout_ms);
}

GPtrArray *
ask_again (const GPtrArray *answers, const query_t *query, int64_t timeout_ms)
{
    survey_t asking = s_begin (query, timeout_ms);
    for (guint index = 0; index < answers->len; index++) {
        const processor_answer_t *before = answers->pdata[index];
        if (!before->bytes)
            continue;
        processor_answer_t *answer = g_new0 (processor_answer_t, 1);
        answer->processor = g_strdup (before->processor);
        g_ptr_array_add (asking.answers, answer);
        s_ask (asking.asked, answer, &before->address, asking.query);
    }
    return s_end (&asking, timeout_ms);
}
