//  SPDX-License-Identifier: Apache-2.0
#include "gateway/link/frame_records.h"

#include <glib.h>

#include "common/bytes/json_put.h"
#include "common/text/timestamp.h"

//  Room for the longest message: its texts, and names, numbers and punctuation.
#define VALUE_MAX                                                                                  \
    (JSON_STRING_MAX (MESSAGE_CHANNEL_MAX_BYTES) + 2 * JSON_STRING_MAX (MESSAGE_TEXT_MAX_BYTES) +  \
        512)

struct frame_records {
    frame_t frame;
    GArray *records;  //  of frame_record_t
    char *values;     //  lines
    size_t capacity;
    size_t bytes;  //  of keys and values
    size_t lines_size;
    uint8_t tag[FRAME_TAG_SIZE];
};

frame_records_t *
frame_records_new (void)
{
    frame_records_t *self = g_new0 (frame_records_t, 1);
    self->records = g_array_new (FALSE, FALSE, sizeof (frame_record_t));
    return self;
}

void
frame_records_destroy (frame_records_t **self_p)
{
    frame_records_t *self = *self_p;
    if (!self)
        return;
    frame_free (&self->frame);
    g_array_unref (self->records);
    g_free (self->values);
    g_free (self);
    *self_p = NULL;
}

static char *
s_put_literal (char *at, const char *literal)
{
    return json_put_raw (at, text_from (literal));
}

//  Write the messageType and the members of `message`, a comma behind each.
static char *
s_put_members (char *at, const message_t *message)
{
    switch (message->kind) {
#define TEXT(name, field)                                                                          \
    at = json_put_string (s_put_literal (at, "\"" name "\":"), message->field);                    \
    *at++ = ',';
#define NUMBER(name, field)                                                                        \
    at = json_put_uint (s_put_literal (at, "\"" name "\":"), message->field);                      \
    *at++ = ',';
#define ROW(NAME, number, type)                                                                    \
    case MESSAGE_##NAME:                                                                           \
        at = s_put_literal (at, type "\"},\"message\":{");                                         \
        MESSAGE_MEMBERS_##NAME (TEXT, NUMBER) return at;
        MESSAGE_KINDS (ROW)
#undef ROW
#undef NUMBER
#undef TEXT
    }
    return at;
}

static char *
s_put_value (char *at, const message_t *message)
{
    char time[TIMESTAMP_SIZE];
    timestamp_print (message->time_us, time);
    at = s_put_literal (at, FRAME_RECORD_BEGIN);
    at = json_put_string (at, message->channel);
    at = s_put_literal (at, ",\"messageNumber\":");
    at = json_put_uint (at, message->number);
    at = s_put_literal (at, ",\"messageTime\":\"");
    at = json_put_raw (at, text_of (time, TIMESTAMP_SIZE - 1));
    at = s_put_literal (at, "\",\"messageType\":\"");
    at = s_put_members (at, message) - 1;  //  without the last comma
    return s_put_literal (at, "}}");
}

//  Make room for one more value. The values may move.
static void
s_reserve (frame_records_t *self, size_t used)
{
    if (self->capacity - used >= VALUE_MAX)
        return;
    self->capacity = 2 * (self->capacity + VALUE_MAX);
    self->values = g_realloc (self->values, self->capacity);
}

bool
frame_records_make (frame_records_t *self, const uint8_t *bytes, size_t size, uint64_t digest)
{
    if (frame_read (&self->frame, bytes, size) || self->frame.count == 0)
        return false;
    size_t used = 0;
    g_array_set_size (self->records, self->frame.count);
    for (uint32_t index = 0; index < self->frame.count; index++) {
        const message_t *message = &self->frame.messages[index];
        s_reserve (self, used);
        const char *end = s_put_value (self->values + used, message);
        size_t value_size = (size_t) (end - self->values) - used;
        g_array_index (self->records, frame_record_t, index) =
            (frame_record_t){message->channel, text_of (NULL, value_size)};
        used += value_size;
        self->values[used++] = '\n';
    }
    self->lines_size = used - 1;
    self->bytes = used - self->frame.count;
    //  From now on the values do not move, so they can be borrowed.
    const char *value = self->values;
    for (uint32_t index = 0; index < self->frame.count; index++) {
        frame_record_t *record = &g_array_index (self->records, frame_record_t, index);
        record->value.data = value;
        value += record->value.size + 1;
        self->bytes += record->key.size;
    }
    frame_tag_write (self->tag, &self->frame.head, digest);
    return true;
}

const frame_record_t *
frame_records_all (const frame_records_t *self, size_t *count)
{
    *count = self->records->len;
    return (const frame_record_t *) (gpointer) self->records->data;
}

size_t
frame_records_bytes (const frame_records_t *self)
{
    return self->bytes;
}

text_t
frame_records_lines (const frame_records_t *self)
{
    return text_of (self->values, self->lines_size);
}

const uint8_t *
frame_records_tag (const frame_records_t *self)
{
    return self->tag;
}
