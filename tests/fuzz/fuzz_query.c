//  Fuzz questions and subscriptions as a processor gets them, and replies and updates as a gateway
//  does.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/json_writer.h"
#include "processor/answer/answerer.h"
#include "processor/tell/listeners.h"
#include "query/protocol/reply.h"
#include "query/protocol/rocket_json.h"
#include "query/protocol/rocket_update.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static answerer_t *
s_answerer (void)
{
    static shards_t shards = {.partitions = 2};
    static answerer_t *answerer;
    if (answerer)
        return answerer;
    text_pool_t *pool = text_pool_new ();
    for (uint32_t partition = 0; partition < 2; partition++)
        shards.shards[partition] = shard_new ((owned_t){partition, 1}, ORDERING_CONVERGE);
    for (uint64_t number = 1; number < 6; number++) {
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
    (void) owner;
    *(GBytes **) context = g_bytes_new (answer.data, answer.size);
}

//  The answer to a question.
static GBytes *
s_ask (text_t question)
{
    GBytes *answer = NULL;
    answerer_take (s_answerer (), question, (answer_client_t){1, true}, s_take, &answer, 0);
    while (!answer)
        answerer_run (s_answerer (), G_MAXINT64);
    return answer;
}

static void
s_listen (text_t bytes)
{
    rocket_update_t update;
    if (rocket_update_read (&update, bytes))
        g_assert (!update.rocket.data || update.id.size > 0);
    listeners_t *listeners = listeners_new ();
    (void) listeners_take (listeners, (visitor_t){.fd = -1, .cookie = 1}, bytes);
    (void) listeners_want (listeners, bytes);
    listeners_destroy (&listeners);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    s_listen (text_of ((const char *) data, size));
    GBytes *answer = s_ask (text_of ((const char *) data, size));
    gsize answer_size = 0;
    const char *bytes = g_bytes_get_data (answer, &answer_size);
    //  The answer to any query is one whole reply.
    reply_t reply;
    msgpack_reader_t reader;
    msgpack_reader_init (&reader, bytes, answer_size);
    bool good = reply_read (&reply, &reader);
    for (uint32_t index = 0; good && index < reply.replies_count; index++) {
        reply_t one;
        good = reply_read (&one, &reply.replies);
    }
    g_assert (good && msgpack_is_done (reply.replies.at ? &reply.replies : &reader));
    g_bytes_unref (answer);

    msgpack_reader_init (&reader, data, size);
    json_writer_t *json = json_writer_new ();
    GArray *entries = g_array_new (FALSE, TRUE, sizeof (reply_entry_t));
    static const rocket_order_t order = {SORT_SPEED, false};
    if (reply_read (&reply, &reader)) {
        (void) !reply_collect (&order, &reply, entries);
        (void) !rocket_json_write (json, reply.rocket.data ? reply.rocket : text_from (""));
    }
    g_array_unref (entries);
    json_writer_destroy (&json);
    return 0;
}
