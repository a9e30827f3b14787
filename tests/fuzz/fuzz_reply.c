//  Fuzz the messages that a gateway and downlink-query get from processors: replies and updates.
//  Rockets become valid JSON, and the same JSON by either way.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/msgpack_json.h"
#include "common/sqs/sqs_json.h"
#include "query/protocol/reply.h"
#include "query/protocol/rocket_json.h"
#include "query/protocol/rocket_update.h"
#include "tests/fuzz/input.h"

#define KEYS (SORT_LAST_NUMBER + 1)

//  Return true if the JSON can be read. Texts of msgpack may hold bytes that are not UTF-8.
static bool
s_is_json (text_t json)
{
    if (!g_utf8_validate (json.data, (gssize) json.size, NULL) || memchr (json.data, 0, json.size))
        return true;
    char *text = g_strndup (json.data, json.size);
    sqs_json_t *tree = sqs_json_read (text_of (text, json.size));
    bool is_read = tree != NULL;
    if (tree)
        sqs_json_free (&tree);
    g_free (text);
    return is_read;
}

static void
s_rocket (text_t map)
{
    json_writer_t *quick = json_writer_new ();
    json_writer_t *general = json_writer_new ();
    bool is_quick = rocket_json_write (quick, map);
    bool is_general = msgpack_json_write (general, map);
    g_assert (is_quick == is_general);
    if (is_quick) {
        g_assert (text_equal (json_writer_text (quick), json_writer_text (general)));
        g_assert (s_is_json (json_writer_text (quick)));
    }
    json_writer_destroy (&quick);
    json_writer_destroy (&general);
}

static void
s_list (const reply_t *reply)
{
    GArray *entries = g_array_new (FALSE, TRUE, sizeof (reply_entry_t));
    for (int key = 0; key < KEYS; key++) {
        rocket_order_t order = {(sort_key_t) key, false};
        g_array_set_size (entries, 0);
        if (!reply_collect (&order, reply, entries))
            continue;
        g_assert (entries->len == reply->rockets_count);
        for (guint index = 0; index < entries->len; index++) {
            const reply_entry_t *entry = &g_array_index (entries, reply_entry_t, index);
            g_assert (rocket_order_compare (&order, &entry->place, &entry->place) == 0);
            if (key == SORT_ID)
                s_rocket (entry->rocket);
        }
    }
    g_array_unref (entries);
}

//  Read the replies of a batch, one level deep, as the asker does.
static void
s_reply (text_t bytes)
{
    msgpack_reader_t reader;
    reply_t reply;
    msgpack_reader_init (&reader, bytes.data, bytes.size);
    if (!reply_read (&reply, &reader))
        return;
    bool good = true;
    if (reply.rocket.data)
        s_rocket (reply.rocket);
    s_list (&reply);
    for (uint32_t index = 0; good && index < reply.replies_count; index++) {
        reply_t one;
        good = reply_read (&one, &reply.replies);
        if (good && one.rocket.data)
            s_rocket (one.rocket);
        if (good)
            s_list (&one);
    }
}

static void
s_update (text_t bytes)
{
    rocket_update_t update;
    if (!rocket_update_read (&update, bytes))
        return;
    g_assert (update.owned.partition < PARTITIONS_MAX);
    if (update.rocket.data) {
        g_assert (update.id.size > 0 && update.id.size <= MESSAGE_CHANNEL_MAX_BYTES);
        g_assert (update.owned.epoch > 0);
        g_assert (update.id.data >= bytes.data);
        g_assert (update.id.data + update.id.size <= bytes.data + bytes.size);
        s_rocket (update.rocket);
        return;
    }
    //  A sync that is written again is the same.
    GByteArray *out = g_byte_array_new ();
    rocket_update_t again;
    rocket_update_write_sync (out, &update);
    bool is_read = rocket_update_read (&again, text_of ((const char *) out->data, out->len));
    g_assert (is_read && again.sequence == update.sequence);
    g_assert (memcmp (again.processor, update.processor, PROCESSOR_ID_SIZE) == 0);
    g_byte_array_unref (out);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    text_t bytes = input_rest (&input);
    s_reply (bytes);
    s_update (bytes);
    return 0;
}
