//  Frames are packed with msgpack-c and read with msgpack_reader, which trusts nothing.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/frame.h"

#include <glib.h>
#include <msgpack/pack.h>
#include <xxhash.h>

#include "common/bytes/msgpack_reader.h"

//  The most bytes of a packed message besides its texts: heads of the texts, numbers, the array.
#define MESSAGE_OVERHEAD_BYTES 64

//  The fewest bytes a message can have: the array, a channel of one byte, and three numbers.
#define MESSAGE_MIN_BYTES 6

//  Every message begins with channel, number, time and kind; the members of its kind follow.
#define COMMON_MEMBERS 4

//  The number of members of a message of each kind.
static const uint32_t s_members[] = {
//  NOLINTNEXTLINE(bugprone-macro-parentheses): it continues a sum
#define ONE(name, field) +1
#define ROW(NAME, number, type) [MESSAGE_##NAME] = COMMON_MEMBERS MESSAGE_MEMBERS_##NAME (ONE, ONE),
    MESSAGE_KINDS (ROW)
#undef ROW
#undef ONE
};

//  msgpack-c's write function. s_reserve has made the room, so it cannot fail.
static int
s_write (void *data, const char *bytes, size_t size)
{
    uint8_t **at = data;
    memcpy (*at, bytes, size);
    *at += size;
    return 0;
}

static void
s_pack_text (msgpack_packer *packer, text_t text)
{
    msgpack_pack_str (packer, text.size);
    msgpack_pack_str_body (packer, text.data, text.size);
}

static void
s_reserve (packed_messages_t *self, size_t room)
{
    if (self->capacity - self->size >= room)
        return;
    size_t capacity = self->capacity ? self->capacity : 1024;
    while (capacity - self->size < room)
        capacity *= 2;
    self->bytes = g_realloc (self->bytes, capacity);
    self->capacity = capacity;
}

//  Pack the members of the message's kind.
static void
s_pack_members (msgpack_packer *packer, const message_t *message)
{
    switch (message->kind) {
        //  NOLINTBEGIN(bugprone-branch-clone): kinds may have equal members
#define TEXT(name, field) s_pack_text (packer, message->field);
#define NUMBER(name, field) msgpack_pack_uint64 (packer, message->field);
#define ROW(NAME, number, type)                                                                    \
    case MESSAGE_##NAME:                                                                           \
        MESSAGE_MEMBERS_##NAME (TEXT, NUMBER) return;
        MESSAGE_KINDS (ROW)
#undef ROW
#undef NUMBER
#undef TEXT
        //  NOLINTEND(bugprone-branch-clone)
    }
}

//  Return the most bytes that a packed message takes.
static size_t
s_message_bytes (const message_t *message)
{
//  NOLINTNEXTLINE(bugprone-macro-parentheses): it continues a sum
#define TEXT(name, field) +message->field.size
#define NUMBER(name, field)
#define ROW(NAME, number, type)                                                                    \
    case MESSAGE_##NAME:                                                                           \
        return MESSAGE_OVERHEAD_BYTES + message->channel.size MESSAGE_MEMBERS_##NAME (TEXT, NUMBER);
    switch (message->kind) {
        //  NOLINTBEGIN(bugprone-branch-clone): kinds may have equal members
        MESSAGE_KINDS (ROW)
        //  NOLINTEND(bugprone-branch-clone)
    }
#undef ROW
#undef NUMBER
#undef TEXT
    g_assert_not_reached ();
}

void
packed_messages_add (packed_messages_t *self, const message_t *message)
{
    s_reserve (self, s_message_bytes (message));
    uint8_t *at = self->bytes + self->size;
    msgpack_packer packer;
    msgpack_packer_init (&packer, &at, s_write);
    msgpack_pack_array (&packer, s_members[message->kind]);
    s_pack_text (&packer, message->channel);
    msgpack_pack_uint64 (&packer, message->number);
    msgpack_pack_int64 (&packer, message->time_us);
    msgpack_pack_uint8 (&packer, (uint8_t) message->kind);
    s_pack_members (&packer, message);
    self->size = (size_t) (at - self->bytes);
    self->count++;
}

void
packed_messages_append (packed_messages_t *self, const packed_messages_t *other)
{
    if (other->count == 0)
        return;
    s_reserve (self, other->size);
    memcpy (self->bytes + self->size, other->bytes, other->size);
    self->size += other->size;
    self->count += other->count;
}

void
packed_messages_clear (packed_messages_t *self)
{
    self->size = 0;
    self->count = 0;
}

void
packed_messages_free (packed_messages_t *self)
{
    g_free (self->bytes);
    *self = (packed_messages_t){0};
}

size_t
frame_write (const frame_head_t *head, const packed_messages_t *messages, uint8_t *bytes)
{
    uint8_t *at = bytes;
    msgpack_packer packer;
    msgpack_packer_init (&packer, &at, s_write);
    msgpack_pack_array (&packer, 5);
    msgpack_pack_uint8 (&packer, FRAME_VERSION);
    msgpack_pack_bin (&packer, FRAME_SOURCE_SIZE);
    msgpack_pack_bin_body (&packer, head->source, FRAME_SOURCE_SIZE);
    msgpack_pack_uint64 (&packer, head->sequence);
    msgpack_pack_uint32 (&packer, head->partition);
    msgpack_pack_array (&packer, messages->count);
    if (messages->size)
        memcpy (at, messages->bytes, messages->size);
    return (size_t) (at - bytes) + messages->size;
}

//  Read the members of the message's kind.
static bool
s_read_members (msgpack_reader_t *reader, message_t *message)
{
    switch (message->kind) {
        //  NOLINTBEGIN(bugprone-branch-clone): kinds may have equal members
#define TEXT(name, field) &&msgpack_read_str (reader, &message->field)
#define NUMBER(name, field) &&msgpack_read_uint (reader, &message->field)
#define ROW(NAME, number, type)                                                                    \
    case MESSAGE_##NAME:                                                                           \
        return true MESSAGE_MEMBERS_##NAME (TEXT, NUMBER);
        MESSAGE_KINDS (ROW)
#undef ROW
#undef NUMBER
#undef TEXT
        //  NOLINTEND(bugprone-branch-clone)
    }
    return false;
}

static const char *
s_read_message (msgpack_reader_t *reader, message_t *message)
{
    *message = (message_t){0};
    uint32_t members = 0;
    uint64_t kind = 0;
    if (!msgpack_read_array (reader, &members))
        return "a message must be an array";
    if (members < COMMON_MEMBERS)
        return "a message has too few members";
    if (!msgpack_read_str (reader, &message->channel))
        return "a message's channel must be a str";
    if (!msgpack_read_uint (reader, &message->number))
        return "a message's number must be a uint";
    if (!msgpack_read_int (reader, &message->time_us))
        return "a message's time must be an int";
    if (!msgpack_read_uint (reader, &kind) || !message_kind_is_known (kind))
        return "a message's kind must be a number that stands for one";
    message->kind = (message_kind_t) kind;
    if (members != s_members[kind])
        return "a message has not as many members as its kind";
    if (!s_read_members (reader, message))
        return "a message's members are not those of its kind";
    message_fault_t fault;
    return message_check_accepted (message, &fault) ? NULL
                                                    : "a message breaks a rule of its members";
}

static const char *
s_read_head (msgpack_reader_t *reader, frame_head_t *head)
{
    uint32_t members = 0;
    uint64_t version = 0;
    uint64_t partition = 0;
    text_t source = {0};
    if (!msgpack_read_array (reader, &members))
        return "a frame must be an array";
    if (!msgpack_read_uint (reader, &version) || version != FRAME_VERSION)
        return "a frame's version must be 1";
    if (members != 5)
        return "a frame must have five members";
    if (!msgpack_read_bin (reader, &source) || source.size != FRAME_SOURCE_SIZE)
        return "a frame's source must be a bin of 16 bytes";
    if (!msgpack_read_uint (reader, &head->sequence))
        return "a frame's sequence must be a uint";
    if (!msgpack_read_uint (reader, &partition) || partition > UINT32_MAX)
        return "a frame's partition must be a uint of 32 bits";
    memcpy (head->source, source.data, FRAME_SOURCE_SIZE);
    head->partition = (uint32_t) partition;
    return NULL;
}

const char *
frame_read (frame_t *self, const void *bytes, size_t size)
{
    self->count = 0;
    if (size > FRAME_MAX_BYTES)
        return "a frame must not be larger than 1 MiB";
    msgpack_reader_t reader;
    msgpack_reader_init (&reader, bytes, size);
    const char *fault = s_read_head (&reader, &self->head);
    if (fault)
        return fault;
    uint32_t count = 0;
    if (!msgpack_read_array (&reader, &count) ||
        count > (size_t) (reader.end - reader.at) / MESSAGE_MIN_BYTES)
        return "a frame's messages must be an array, and all there";
    if (count == 0)
        return "a frame must hold at least one message";
    if (count > self->capacity) {
        self->capacity = count;
        self->messages = g_renew (message_t, self->messages, count);
    }
    for (uint32_t index = 0; index < count; index++) {
        fault = s_read_message (&reader, &self->messages[index]);
        if (fault)
            return fault;
    }
    if (!msgpack_is_done (&reader))
        return "a frame must end with its messages";
    self->count = count;
    return NULL;
}

uint64_t
frame_digest (const void *bytes, size_t size)
{
    return XXH3_64bits (bytes, size);
}

void
frame_free (frame_t *self)
{
    g_free (self->messages);
    *self = (frame_t){0};
}
