//  Replies are written with msgpack_writer and read with msgpack_reader.
//  SPDX-License-Identifier: Apache-2.0
#include "query/protocol/reply.h"

#include "common/text/timestamp.h"
#include "query/protocol/rocket_map.h"

static void
s_write_head (msgpack_writer_t *writer, uint32_t pairs, uint32_t status)
{
    msgpack_write_map (writer, pairs);
    msgpack_write_key (writer, "status");
    msgpack_write_uint (writer, status);
}

void
reply_write_status (GByteArray *out, uint32_t status, const char *detail)
{
    msgpack_writer_t writer = msgpack_writer_begin (out);
    s_write_head (&writer, detail ? 2 : 1, status);
    if (detail) {
        msgpack_write_key (&writer, "detail");
        msgpack_write_key (&writer, detail);
    }
    msgpack_writer_end (&writer);
}

void
reply_write_forgotten (GByteArray *out, owned_t owned, bool is_saved)
{
    msgpack_writer_t writer = msgpack_writer_begin (out);
    s_write_head (&writer, 3, is_saved ? 200 : 202);
    msgpack_write_key (&writer, "partition");
    msgpack_write_uint (&writer, owned.partition);
    msgpack_write_key (&writer, "epoch");
    msgpack_write_uint (&writer, owned.epoch);
    msgpack_writer_end (&writer);
}

void
reply_write_rocket (GByteArray *out, owned_t owned, const rocket_t *rocket)
{
    msgpack_writer_t writer = msgpack_writer_begin (out);
    msgpack_write_map (&writer, 4);
    msgpack_write_key (&writer, "status");
    msgpack_write_uint (&writer, 200);
    msgpack_write_key (&writer, "partition");
    msgpack_write_uint (&writer, owned.partition);
    msgpack_write_key (&writer, "epoch");
    msgpack_write_uint (&writer, owned.epoch);
    msgpack_write_key (&writer, "rocket");
    msgpack_writer_end (&writer);
    rocket_view_t view;
    rocket_view (rocket, &view);
    rocket_map_write (out, &view);
}

void
reply_write_list (
    GByteArray *out, const owned_t *owned, uint32_t owned_count, bool more, uint32_t count)
{
    msgpack_writer_t writer = msgpack_writer_begin (out);
    s_write_head (&writer, 4, 200);
    msgpack_write_key (&writer, "owned");
    msgpack_write_array (&writer, owned_count);
    for (uint32_t index = 0; index < owned_count; index++) {
        msgpack_write_array (&writer, 2);
        msgpack_write_uint (&writer, owned[index].partition);
        msgpack_write_uint (&writer, owned[index].epoch);
    }
    msgpack_write_key (&writer, "more");
    msgpack_write_bool (&writer, more);
    msgpack_write_key (&writer, "rockets");
    msgpack_write_array (&writer, count);
    msgpack_writer_end (&writer);
}

void
reply_write_batch (GByteArray *out, uint32_t count)
{
    msgpack_writer_t writer = msgpack_writer_begin (out);
    s_write_head (&writer, 2, 200);
    msgpack_write_key (&writer, "replies");
    msgpack_write_array (&writer, count);
    msgpack_writer_end (&writer);
}

void
reply_write_stats (msgpack_writer_t *writer, uint32_t count)
{
    s_write_head (writer, 2, 200);
    msgpack_write_key (writer, "stats");
    msgpack_write_map (writer, count);
}

static bool
s_read_uint32 (msgpack_reader_t *reader, uint32_t *value)
{
    uint64_t wide = 0;
    if (!msgpack_read_uint (reader, &wide) || wide > UINT32_MAX)
        return false;
    *value = (uint32_t) wide;
    return true;
}

//  Return the bytes of the next value.
static bool
s_read_span (msgpack_reader_t *reader, text_t *span)
{
    const uint8_t *start = reader->at;
    if (!msgpack_skip (reader))
        return false;
    *span = text_of ((const char *) start, (size_t) (reader->at - start));
    return true;
}

//  Note the place of the first element of an array and the number of elements, to read them later.
static bool
s_read_elements (msgpack_reader_t *reader, msgpack_reader_t *elements, uint32_t *count)
{
    *elements = *reader;
    return msgpack_read_array (elements, count) && msgpack_skip (reader);
}

//  Note the replies of a batch. If they are the last member, do not skip them, since they are many.
static bool
s_read_replies (reply_t *reply, bool is_last, msgpack_reader_t *reader)
{
    if (!is_last)
        return s_read_elements (reader, &reply->replies, &reply->replies_count);
    bool good = msgpack_read_array (reader, &reply->replies_count);
    reply->replies = *reader;
    return good;
}

static bool
s_read_reply_member (reply_t *reply, text_t key, bool is_last, msgpack_reader_t *reader)
{
    if (text_equal (key, text_from ("status")))
        return s_read_uint32 (reader, &reply->status);
    if (text_equal (key, text_from ("detail")))
        return msgpack_read_str (reader, &reply->detail);
    if (text_equal (key, text_from ("partition")))
        return s_read_uint32 (reader, &reply->owned.partition);
    if (text_equal (key, text_from ("epoch")))
        return msgpack_read_uint (reader, &reply->owned.epoch);
    if (text_equal (key, text_from ("rocket")))
        return s_read_span (reader, &reply->rocket);
    if (text_equal (key, text_from ("rockets")))
        return s_read_elements (reader, &reply->rockets, &reply->rockets_count);
    if (text_equal (key, text_from ("more")))
        return msgpack_read_bool (reader, &reply->more);
    if (text_equal (key, text_from ("owned")))
        return s_read_elements (reader, &reply->owned_list, &reply->owned_count);
    if (text_equal (key, text_from ("stats")))
        return s_read_span (reader, &reply->stats);
    if (text_equal (key, text_from ("replies")))
        return s_read_replies (reply, is_last, reader);
    return msgpack_skip (reader);
}

bool
reply_read (reply_t *reply, msgpack_reader_t *reader)
{
    memset (reply, 0, sizeof *reply);
    uint32_t pairs = 0;
    if (!msgpack_read_map (reader, &pairs))
        return false;
    for (; pairs > 0; pairs--) {
        text_t key;
        if (!msgpack_read_str (reader, &key) ||
            !s_read_reply_member (reply, key, pairs == 1, reader))
            return false;
    }
    return reply->status != 0;
}

//  Read the value of the order's key from a rocket's map.
static bool
s_read_value (const rocket_order_t *order, msgpack_reader_t *reader, sort_value_t *value)
{
    if (msgpack_read_nil (reader)) {
        value->is_null = true;
        return true;
    }
    if (order->key == SORT_LAST_TIME) {
        text_t time;
        return msgpack_read_str (reader, &time) && timestamp_parse (time, &value->number);
    }
    if (sort_key_is_number (order->key))
        return msgpack_read_int (reader, &value->number);
    return msgpack_read_str (reader, &value->text);
}

//  Find the place of a rocket's map in an order, borrowed from the bytes. Return false if the bytes
//  are no rocket.
static bool
s_rocket_place (const rocket_order_t *order, text_t rocket, place_t *place)
{
    *place = (place_t){0};
    msgpack_reader_t reader;
    uint32_t pairs = 0;
    bool has_value = false;
    text_t wanted = text_from (sort_key_name (order->key));
    msgpack_reader_init (&reader, rocket.data, rocket.size);
    if (!msgpack_read_map (&reader, &pairs))
        return false;
    for (; pairs > 0; pairs--) {
        text_t key;
        if (!msgpack_read_str (&reader, &key))
            return false;
        msgpack_reader_t value = reader;
        if (text_equal (key, wanted))
            has_value = s_read_value (order, &value, &place->value);
        if (text_equal (key, text_from ("id")) && !msgpack_read_str (&reader, &place->id))
            return false;
        if (!text_equal (key, text_from ("id")) && !msgpack_skip (&reader))
            return false;
    }
    return has_value && place->id.data;
}

bool
reply_collect (const rocket_order_t *order, const reply_t *reply, GArray *entries)
{
    msgpack_reader_t reader = reply->rockets;
    for (uint32_t index = 0; index < reply->rockets_count; index++) {
        reply_entry_t entry;
        if (!s_read_span (&reader, &entry.rocket) ||
            !s_rocket_place (order, entry.rocket, &entry.place))
            return false;
        g_array_append_val (entries, entry);
    }
    return true;
}
