//  The names in msgpack and in JSON are constants, so a name costs a comparison and a copy. A map
//  with other names goes to msgpack_json_write.
//  SPDX-License-Identifier: Apache-2.0
#include "query/protocol/rocket_json.h"

#include "common/bytes/json_put.h"
#include "common/bytes/msgpack_json.h"
#include "common/bytes/msgpack_reader.h"

//  Room for all names with quotes, colons and commas. A value grows to at most six times its
//  msgpack bytes.
#define NAMES_BYTES 256
#define BYTES_MAX(size) (NAMES_BYTES + 6 * (size))

//  The bytes to read and the place to write.
typedef struct {
    msgpack_reader_t in;
    char *out;
} cursor_t;

static inline __attribute__ ((always_inline)) bool
s_replace (cursor_t *self, const char *packed, const char *shown)
{
    size_t size = strlen (packed);
    if ((size_t) (self->in.end - self->in.at) < size || memcmp (self->in.at, packed, size) != 0)
        return false;
    self->in.at += size;
    self->out = json_put_raw (self->out, text_from (shown));
    return true;
}

//  Copy the name of a member that is not the first; head is the msgpack byte in front of it.
#define S_NAME(cursor, head, name) s_replace (cursor, head "" name, ",\"" name "\":")

static bool
s_text (cursor_t *self)
{
    text_t text;
    if (!msgpack_read_str (&self->in, &text))
        return false;
    self->out = json_put_string (self->out, text);
    return true;
}

static bool
s_text_or_null (cursor_t *self)
{
    return s_replace (self, "\xc0", "null") || s_text (self);
}

static bool
s_number (cursor_t *self)
{
    int64_t number = 0;
    if (!msgpack_read_int (&self->in, &number))
        return false;
    self->out = json_put_int (self->out, number);
    return true;
}

static bool
s_missing (cursor_t *self)
{
    uint32_t count = 0;
    if (!msgpack_read_array (&self->in, &count))
        return false;
    self->out = json_put_raw (self->out, text_from ("["));
    for (uint32_t index = 0; index < count; index++) {
        if (!s_replace (self, "\x92", index ? ",[" : "[") || !s_number (self))
            return false;
        self->out = json_put_raw (self->out, text_from (","));
        if (!s_number (self))
            return false;
        self->out = json_put_raw (self->out, text_from ("]"));
    }
    self->out = json_put_raw (self->out, text_from ("]"));
    return true;
}

static bool
s_rocket (cursor_t *self)
{
    bool good = s_replace (self, "\x8b\xa2id", "{\"id\":") && s_text (self) &&
                S_NAME (self, "\xa4", "type") && s_text_or_null (self) &&
                S_NAME (self, "\xa5", "speed") && s_number (self) &&
                S_NAME (self, "\xa7", "mission") && s_text_or_null (self) &&
                S_NAME (self, "\xa6", "status") && s_text (self) &&
                S_NAME (self, "\xaf", "explosionReason") && s_text_or_null (self) &&
                S_NAME (self, "\xb1", "lastMessageNumber") && s_number (self) &&
                S_NAME (self, "\xaf", "lastMessageTime") && s_text (self) &&
                S_NAME (self, "\xaf", "messagesApplied") && s_number (self) &&
                S_NAME (self, "\xa7", "missing") && s_missing (self) &&
                S_NAME (self, "\xa9", "conflicts") && s_number (self);
    self->out = json_put_raw (self->out, text_from ("}"));
    return good && msgpack_is_done (&self->in);
}

bool
rocket_json_write (json_writer_t *json, text_t map)
{
    cursor_t cursor = {.out = json_begin_value (json, BYTES_MAX (map.size))};
    msgpack_reader_init (&cursor.in, map.data, map.size);
    if (!s_rocket (&cursor))
        return msgpack_json_write (json, map);
    json_end_value (json, cursor.out);
    return true;
}
