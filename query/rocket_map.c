//  SPDX-License-Identifier: Apache-2.0
#include "query/rocket_map.h"

static void
s_write_missing (GByteArray *out, const rocket_view_t *view)
{
    number_range_t gaps[NUMBER_RANGES_MAX];
    size_t count = rocket_view_missing (view, gaps);
    query_write_array (out, (uint32_t) count);
    for (size_t index = 0; index < count; index++) {
        query_write_array (out, 2);
        query_write_uint (out, gaps[index].first);
        query_write_uint (out, gaps[index].last);
    }
}

void
rocket_map_write (GByteArray *out, const rocket_view_t *view)
{
    query_write_map (out, 11);
    query_write_key (out, "id");
    query_write_text (out, view->id);
    query_write_key (out, "type");
    query_write_text (out, view->type);
    query_write_key (out, "speed");
    query_write_int (out, view->speed);
    query_write_key (out, "mission");
    query_write_text (out, view->mission);
    query_write_key (out, "status");
    query_write_key (out, rocket_status_name (view->status));
    query_write_key (out, "explosionReason");
    query_write_text (out, view->explosion_reason);
    query_write_key (out, "lastMessageNumber");
    query_write_uint (out, view->last_number);
    query_write_key (out, "lastMessageTime");
    query_write_time (out, view->last_time_us);
    query_write_key (out, "messagesApplied");
    query_write_uint (out, view->applied);
    query_write_key (out, "missing");
    s_write_missing (out, view);
    query_write_key (out, "conflicts");
    query_write_uint (out, view->conflicts);
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
