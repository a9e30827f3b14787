//  SPDX-License-Identifier: Apache-2.0
#include "query/protocol/rocket_map.h"

#include "common/bytes/msgpack_reader.h"
#include "common/bytes/msgpack_writer.h"
#include "common/text/timestamp.h"

static void
s_write_missing (msgpack_writer_t *writer, const rocket_view_t *view)
{
    number_range_t gaps[NUMBER_RANGES_MAX];
    size_t count = rocket_view_missing (view, gaps);
    msgpack_write_array (writer, (uint32_t) count);
    for (size_t index = 0; index < count; index++) {
        msgpack_write_array (writer, 2);
        msgpack_write_uint (writer, gaps[index].first);
        msgpack_write_uint (writer, gaps[index].last);
    }
}

void
rocket_map_write (GByteArray *out, const rocket_view_t *view)
{
    char time[TIMESTAMP_SIZE];
    timestamp_print (view->last_time_us, time);
    msgpack_writer_t writer = msgpack_writer_begin (out);
    msgpack_write_map (&writer, 11);
    msgpack_write_key (&writer, "id");
    msgpack_write_str (&writer, view->id);
    msgpack_write_key (&writer, "type");
    msgpack_write_str (&writer, view->type);
    msgpack_write_key (&writer, "speed");
    msgpack_write_int (&writer, view->speed);
    msgpack_write_key (&writer, "mission");
    msgpack_write_str (&writer, view->mission);
    msgpack_write_key (&writer, "status");
    msgpack_write_key (&writer, rocket_status_name (view->status));
    msgpack_write_key (&writer, "explosionReason");
    msgpack_write_str (&writer, view->explosion_reason);
    msgpack_write_key (&writer, "lastMessageNumber");
    msgpack_write_uint (&writer, view->last_number);
    msgpack_write_key (&writer, "lastMessageTime");
    msgpack_write_str (&writer, text_of (time, TIMESTAMP_SIZE - 1));
    msgpack_write_key (&writer, "messagesApplied");
    msgpack_write_uint (&writer, view->applied);
    msgpack_write_key (&writer, "missing");
    s_write_missing (&writer, view);
    msgpack_write_key (&writer, "conflicts");
    msgpack_write_uint (&writer, view->conflicts);
    msgpack_writer_end (&writer);
}

int
rocket_version_compare (rocket_version_t a, rocket_version_t b)
{
    if (a.epoch != b.epoch)
        return a.epoch < b.epoch ? -1 : 1;
    return (a.changes > b.changes) - (a.changes < b.changes);
}

bool
rocket_map_read (text_t map, text_t *id, uint64_t *changes)
{
    msgpack_reader_t reader;
    uint32_t pairs = 0;
    uint64_t applied = 0;
    uint64_t conflicts = 0;
    *id = (text_t){0};
    msgpack_reader_init (&reader, map.data, map.size);
    bool good = msgpack_read_map (&reader, &pairs);
    for (; good && pairs > 0; pairs--) {
        text_t key;
        good = msgpack_read_str (&reader, &key);
        if (good && text_equal (key, text_from ("id")))
            good = msgpack_read_str (&reader, id);
        else if (good && text_equal (key, text_from ("messagesApplied")))
            good = msgpack_read_uint (&reader, &applied);
        else if (good && text_equal (key, text_from ("conflicts")))
            good = msgpack_read_uint (&reader, &conflicts);
        else
            good = good && msgpack_skip (&reader);
    }
    *changes = applied + conflicts;
    return good && id->size >= 1 && id->size <= MESSAGE_CHANNEL_MAX_BYTES;
}
