//  Fuzz the messages that a processor gets from gateways and downlink-query: queries and
//  subscriptions. Every query has one whole reply, and a query that is read and written is the
//  same.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/answer/answerer.h"
#include "processor/tell/listeners.h"
#include "query/protocol/query.h"
#include "query/protocol/reply.h"
#include "query/protocol/rocket_update.h"
#include "tests/fuzz/input.h"

#define PARTITIONS 2
#define ROCKETS 5

static answerer_t *
s_answerer (void)
{
    static shards_t shards = {.partitions = PARTITIONS};
    static answerer_t *answerer;
    if (answerer)
        return answerer;
    text_pool_t *pool = text_pool_new ();
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        shards.shards[partition] = shard_new ((owned_t){partition, 1}, ORDERING_CONVERGE);
    for (uint64_t number = 1; number <= ROCKETS; number++) {
        char name[8];
        g_snprintf (name, sizeof name, "r%d", (int) number);
        message_t message = {.channel = text_from (name),
            .number = number,
            .kind = MESSAGE_SPED_UP,
            .speed = number};
        shard_fold (
            shards.shards[partition_of (message.channel, shards_layout (&shards))], &message);
    }
    answerer = answerer_new (&shards, pool);
    return answerer;
}

static void
s_take (void *context, text_t answer, GBytes *owner)
{
    GBytes **taken = context;
    (void) owner;
    g_assert (!*taken);
    *taken = g_bytes_new (answer.data, answer.size);
}

//  Ask, and check that the answer is one whole reply with a status.
static void
s_ask (text_t packed)
{
    GBytes *answer = NULL;
    answerer_take (s_answerer (), packed, (query_client_t){1, true}, s_take, &answer, 0);
    while (!answer)
        answerer_run (s_answerer (), G_MAXINT64);
    gsize size = 0;
    const char *bytes = g_bytes_get_data (answer, &size);
    reply_t reply;
    msgpack_reader_t reader;
    msgpack_reader_init (&reader, bytes, size);
    bool good = reply_read (&reply, &reader);
    for (uint32_t index = 0; good && index < reply.replies_count; index++) {
        reply_t one;
        good = reply_read (&one, &reply.replies);
    }
    g_assert (good && msgpack_is_done (reply.replies.at ? &reply.replies : &reader));
    g_bytes_unref (answer);
}

//  Return a query as bytes.
static GByteArray *
s_write (const query_t *query)
{
    GByteArray *bytes = g_byte_array_new ();
    query_write (bytes, query);
    return bytes;
}

static void
s_write_again (text_t packed)
{
    msgpack_reader_t reader;
    query_t query;
    msgpack_reader_init (&reader, packed.data, packed.size);
    if (query_read (&query, &reader) || query.op == QUERY_BATCH)
        return;
    GByteArray *bytes = s_write (&query);
    msgpack_reader_init (&reader, bytes->data, bytes->len);
    const char *fault = query_read (&query, &reader);
    g_assert (!fault && msgpack_is_done (&reader));
    GByteArray *again = s_write (&query);
    g_assert (bytes->len == again->len && memcmp (bytes->data, again->data, again->len) == 0);
    g_byte_array_unref (bytes);
    g_byte_array_unref (again);
}

static void
s_listen (text_t message)
{
    listeners_t *listeners = listeners_new ();
    text_t sync = listeners_take (listeners, (visitor_t){.fd = -1, .cookie = 1}, message);
    g_assert (sync.size <= SYNC_TOPIC_MAX);
    (void) listeners_want (listeners, message);
    listeners_destroy (&listeners);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    text_t bytes = input_rest (&input);
    s_listen (bytes);
    s_ask (bytes);
    s_write_again (bytes);
    return 0;
}
