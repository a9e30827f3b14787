//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/msgpack_json.h"

#include "common/bytes/msgpack_reader.h"

#define DEPTH_MAX 8

static bool s_write (json_writer_t *json, msgpack_reader_t *reader, int depth);

static bool
s_write_map (json_writer_t *json, msgpack_reader_t *reader, int depth)
{
    uint32_t pairs = 0;
    if (!msgpack_read_map (reader, &pairs))
        return false;
    json_begin_object (json);
    for (; pairs > 0; pairs--) {
        text_t key;
        if (!msgpack_read_str (reader, &key))
            return false;
        json_text (json, key);
        if (!s_write (json, reader, depth))
            return false;
    }
    json_end_object (json);
    return true;
}

static bool
s_write_array (json_writer_t *json, msgpack_reader_t *reader, int depth)
{
    uint32_t count = 0;
    if (!msgpack_read_array (reader, &count))
        return false;
    json_begin_array (json);
    for (; count > 0; count--)
        if (!s_write (json, reader, depth))
            return false;
    json_end_array (json);
    return true;
}

static bool
s_write_int (json_writer_t *json, msgpack_reader_t *reader)
{
    int64_t value = 0;
    if (!msgpack_read_int (reader, &value))
        return false;
    json_int (json, value);
    return true;
}

static bool
s_write_bool (json_writer_t *json, msgpack_reader_t *reader)
{
    bool value = false;
    if (!msgpack_read_bool (reader, &value))
        return false;
    json_bool (json, value);
    return true;
}

static bool
s_write_str (json_writer_t *json, msgpack_reader_t *reader)
{
    text_t value;
    if (!msgpack_read_str (reader, &value))
        return false;
    json_text (json, value);
    return true;
}

static bool
s_write (json_writer_t *json, msgpack_reader_t *reader, int depth)
{
    if (depth == DEPTH_MAX)
        return false;
    switch (msgpack_peek (reader)) {
    case MSGPACK_NIL:
        json_null (json);
        return msgpack_read_nil (reader);
    case MSGPACK_UINT:
    case MSGPACK_NEGATIVE:
        return s_write_int (json, reader);
    case MSGPACK_STR:
        return s_write_str (json, reader);
    case MSGPACK_ARRAY:
        return s_write_array (json, reader, depth + 1);
    case MSGPACK_MAP:
        return s_write_map (json, reader, depth + 1);
    case MSGPACK_BOOL:
        return s_write_bool (json, reader);
    case MSGPACK_END:
    case MSGPACK_FLOAT:
    case MSGPACK_BIN:
    case MSGPACK_EXT:
        break;
    }
    return false;
}

bool
msgpack_json_write (json_writer_t *json, text_t msgpack)
{
    msgpack_reader_t reader;
    msgpack_reader_init (&reader, msgpack.data, msgpack.size);
    return s_write (json, &reader, 0);
}
