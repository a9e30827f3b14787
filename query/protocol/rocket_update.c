//  SPDX-License-Identifier: Apache-2.0
#include "query/protocol/rocket_update.h"

#include "common/bytes/msgpack_reader.h"
#include "common/bytes/msgpack_writer.h"

static void
s_write_head (msgpack_writer_t *writer, uint32_t pairs, const rocket_update_t *update)
{
    msgpack_write_map (writer, pairs);
    msgpack_write_key (writer, "processor");
    msgpack_write_bin (writer, text_of ((const char *) update->processor, PROCESSOR_ID_SIZE));
    msgpack_write_key (writer, "sequence");
    msgpack_write_uint (writer, update->sequence);
}

void
rocket_update_write (GByteArray *out, const rocket_update_t *update, const rocket_view_t *rocket)
{
    msgpack_writer_t writer = msgpack_writer_begin (out);
    s_write_head (&writer, 5 + update->is_removed, update);
    if (update->is_removed) {
        msgpack_write_key (&writer, "isRemoved");
        msgpack_write_bool (&writer, true);
    }
    msgpack_write_key (&writer, "partition");
    msgpack_write_uint (&writer, update->owned.partition);
    msgpack_write_key (&writer, "epoch");
    msgpack_write_uint (&writer, update->owned.epoch);
    msgpack_write_key (&writer, "rocket");
    msgpack_writer_end (&writer);
    rocket_map_write (out, rocket);
}

void
rocket_update_write_sync (GByteArray *out, const rocket_update_t *update)
{
    msgpack_writer_t writer = msgpack_writer_begin (out);
    s_write_head (&writer, 2, update);
    msgpack_writer_end (&writer);
}

static bool
s_read_processor (rocket_update_t *update, msgpack_reader_t *reader)
{
    text_t id;
    if (!msgpack_read_bin (reader, &id) || id.size != PROCESSOR_ID_SIZE)
        return false;
    memcpy (update->processor, id.data, PROCESSOR_ID_SIZE);
    return true;
}

static bool
s_read_partition (rocket_update_t *update, msgpack_reader_t *reader)
{
    uint64_t partition = 0;
    if (!msgpack_read_uint (reader, &partition) || partition >= PARTITIONS_MAX)
        return false;
    update->owned.partition = (uint32_t) partition;
    return true;
}

static bool
s_read_rocket (rocket_update_t *update, msgpack_reader_t *reader)
{
    const char *start = (const char *) reader->at;
    if (!msgpack_skip (reader))
        return false;
    update->rocket = text_of (start, (size_t) ((const char *) reader->at - start));
    return rocket_map_read (update->rocket, &update->id, &update->changes);
}

static bool
s_read_member (rocket_update_t *update, text_t key, msgpack_reader_t *reader)
{
    if (text_equal (key, text_from ("processor")))
        return s_read_processor (update, reader);
    if (text_equal (key, text_from ("sequence")))
        return msgpack_read_uint (reader, &update->sequence);
    if (text_equal (key, text_from ("partition")))
        return s_read_partition (update, reader);
    if (text_equal (key, text_from ("epoch")))
        return msgpack_read_uint (reader, &update->owned.epoch);
    if (text_equal (key, text_from ("isRemoved")))
        return msgpack_read_bool (reader, &update->is_removed);
    if (text_equal (key, text_from ("rocket")))
        return s_read_rocket (update, reader);
    return msgpack_skip (reader);
}

bool
rocket_update_read (rocket_update_t *update, text_t bytes)
{
    memset (update, 0, sizeof *update);
    msgpack_reader_t reader;
    uint32_t pairs = 0;
    bool has_processor = false;
    msgpack_reader_init (&reader, bytes.data, bytes.size);
    if (!msgpack_read_map (&reader, &pairs))
        return false;
    for (; pairs > 0; pairs--) {
        text_t key;
        if (!msgpack_read_str (&reader, &key) || !s_read_member (update, key, &reader))
            return false;
        has_processor = has_processor || text_equal (key, text_from ("processor"));
    }
    return has_processor && msgpack_is_done (&reader) &&
           (!update->rocket.data || update->owned.epoch > 0);
}
