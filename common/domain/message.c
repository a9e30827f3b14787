//  The rules, in the order in which faults are reported: channel, number, time, kind, then the
//  members of the kind. The sentence of a rule also fits a value of the wrong type.
//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/message.h"

#include <glib.h>
#include <xxhash.h>

#include "common/text/timestamp.h"
#include "common/text/visible_text.h"

#define CHANNEL_RULE                                                                               \
    "must be a string of 1 to 128 bytes without control, format or line separator characters"
#define NUMBER_RULE "must be an integer from 1 to 9007199254740991"
#define TIME_RULE                                                                                  \
    "must be an RFC 3339 date-time with offset, such as 2022-02-02T19:39:05.86337+01:00"
#define MEMBER_NUMBER_RULE "must be an integer from 0 to 9007199254740991"
#define TEXT_RULE "must be a string of at most 256 bytes"

#define CONTENT_MAX_BYTES (8 + 1 + 8 + 3 * (4 + MESSAGE_TEXT_MAX_BYTES))

static const text_t s_kind_names[] = {
#define ROW(NAME, number, type) [MESSAGE_##NAME] = {(type), sizeof (type) - 1},
    MESSAGE_KINDS (ROW)
#undef ROW
};

//  Return true if eight bytes are printable ASCII. Such a byte has no high bit, and gets none when
//  0x20 is subtracted or 1 is added.
static inline bool
s_is_plain (uint64_t eight)
{
    return ((eight | (eight - 0x2020202020202020u) | (eight + 0x0101010101010101u)) &
               0x8080808080808080u) == 0;
}

//  Return a number of leading bytes that are printable ASCII: all, or a multiple of eight.
static size_t
s_plain_prefix (const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    uint64_t eight = 0;
    for (; size - at >= sizeof eight; at += sizeof eight) {
        memcpy (&eight, bytes + at, sizeof eight);
        if (!s_is_plain (eight))
            return at;
    }
    //  The last eight bytes begin among those that are checked already.
    if (at == 0 || at == size)
        return at;
    memcpy (&eight, bytes + size - sizeof eight, sizeof eight);
    return s_is_plain (eight) ? size : at;
}

//  Return the size of the UTF-8 sequence at the start of bytes (at least one), or 0 if it is cut
//  off, overlong, a surrogate, or above U+10FFFF.
static size_t
s_sequence_size (const uint8_t *bytes, size_t size)
{
    uint8_t first = bytes[0];
    if (first < 0x80)
        return 1;
    size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length == 0 || length > size)
        return 0;
    //  The second byte shows overlong forms, surrogates and code points past the last one.
    uint8_t lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (bytes[1] < lowest || bytes[1] > highest)
        return 0;
    for (size_t at = 2; at < length; at++)
        if ((bytes[at] & 0xc0) != 0x80)
            return 0;
    return length;
}

//  The characters that a text may hold.
typedef enum {
    ALL_CHARACTERS,
    NO_CONTROLS,  //  no ASCII controls
    NO_HIDDEN,    //  also no invisible characters, and none that change the display of others
} alphabet_t;

static bool
s_is_hidden (const uint8_t *sequence, size_t size, alphabet_t alphabet)
{
    if (size == 1)
        return sequence[0] < 0x20 || sequence[0] == 0x7f;
    return alphabet == NO_HIDDEN && character_is_hidden (g_utf8_get_char ((const char *) sequence));
}

static bool
s_is_utf8 (text_t text, alphabet_t alphabet)
{
    const uint8_t *bytes = (const uint8_t *) text.data;
    size_t at = s_plain_prefix (bytes, text.size);
    while (at < text.size) {
        size_t step = s_sequence_size (bytes + at, text.size - at);
        if (step == 0 || (alphabet != ALL_CHARACTERS && s_is_hidden (bytes + at, step, alphabet)))
            return false;
        at += step;
    }
    return true;
}

static bool
s_is_channel (text_t text, alphabet_t alphabet)
{
    return text.data && text.size >= 1 && text.size <= MESSAGE_CHANNEL_MAX_BYTES &&
           s_is_utf8 (text, alphabet);
}

static bool
s_is_text (text_t text)
{
    return text.data && text.size <= MESSAGE_TEXT_MAX_BYTES && s_is_utf8 (text, ALL_CHARACTERS);
}

//  Return good, and set the fault if it is false.
static bool
s_keeps (bool good, message_fault_t *fault, const char *pointer, const char *rule)
{
    if (!good)
        *fault = (message_fault_t){pointer, rule};
    return good;
}

static bool
s_check_number (uint64_t number, message_fault_t *fault, const char *pointer)
{
    return s_keeps (number <= MESSAGE_NUMBER_MAX, fault, pointer, MEMBER_NUMBER_RULE);
}

static bool
s_check_text (text_t text, message_fault_t *fault, const char *pointer)
{
    return s_keeps (s_is_text (text), fault, pointer, TEXT_RULE);
}

static bool
s_check_channel (const message_t *message, alphabet_t alphabet, message_fault_t *fault)
{
    return s_keeps (
        s_is_channel (message->channel, alphabet), fault, "/metadata/channel", CHANNEL_RULE);
}

static bool
s_check_place (const message_t *message, message_fault_t *fault)
{
    bool is_good = message->number >= 1 && message->number <= MESSAGE_NUMBER_MAX;
    return s_keeps (is_good, fault, "/metadata/messageNumber", NUMBER_RULE);
}

static bool
s_check_time (const message_t *message, message_fault_t *fault)
{
    bool is_good = message->time_us >= TIMESTAMP_MIN_US && message->time_us <= TIMESTAMP_MAX_US;
    return s_keeps (is_good, fault, "/metadata/messageTime", TIME_RULE);
}

static bool
s_check (const message_t *message, alphabet_t alphabet, message_fault_t *fault)
{
    if (!s_check_channel (message, alphabet, fault) || !s_check_place (message, fault) ||
        !s_check_time (message, fault))
        return false;
    switch (message->kind) {
        //  NOLINTBEGIN(bugprone-branch-clone): kinds may have equal members
#define TEXT(name, field) &&s_check_text (message->field, fault, "/message/" name)
#define NUMBER(name, field) &&s_check_number (message->field, fault, "/message/" name)
#define ROW(NAME, number, type)                                                                    \
    case MESSAGE_##NAME:                                                                           \
        return true MESSAGE_MEMBERS_##NAME (TEXT, NUMBER);
        MESSAGE_KINDS (ROW)
#undef ROW
#undef NUMBER
#undef TEXT
        //  NOLINTEND(bugprone-branch-clone)
    }
    return s_keeps (false, fault, "/metadata/messageType", MESSAGE_KIND_RULE);
}

bool
message_check (const message_t *message, message_fault_t *fault)
{
    return s_check (message, NO_HIDDEN, fault);
}

//  NOLINTNEXTLINE(bugprone-macro-parentheses): it is one more summand
#define ONE(name, field) +1
#define ROW(NAME, number, type)                                                                    \
    _Static_assert(                                                                                \
        3 MESSAGE_MEMBERS_##NAME (ONE, ONE) <= MESSAGE_FAULTS_MAX, "room for all faults");
MESSAGE_KINDS (ROW)
#undef ROW
#undef ONE

size_t
message_faults (const message_t *message, message_fault_t faults[MESSAGE_FAULTS_MAX])
{
    size_t count = 0;
    count += !s_check_channel (message, NO_HIDDEN, &faults[count]);
    count += !s_check_place (message, &faults[count]);
    count += !s_check_time (message, &faults[count]);
    switch (message->kind) {
        //  NOLINTBEGIN(bugprone-branch-clone): kinds may have equal members
#define TEXT(name, field) count += !s_check_text (message->field, &faults[count], "/message/" name);
#define NUMBER(name, field)                                                                        \
    count += !s_check_number (message->field, &faults[count], "/message/" name);
#define ROW(NAME, number, type)                                                                    \
    case MESSAGE_##NAME:                                                                           \
        MESSAGE_MEMBERS_##NAME (TEXT, NUMBER) return count;
        MESSAGE_KINDS (ROW)
#undef ROW
#undef NUMBER
#undef TEXT
        //  NOLINTEND(bugprone-branch-clone)
    }
    faults[count++] = (message_fault_t){"/metadata/messageType", MESSAGE_KIND_RULE};
    return count;
}

bool
message_check_accepted (const message_t *message, message_fault_t *fault)
{
    return s_check (message, NO_CONTROLS, fault);
}

bool
message_kind_is_known (uint64_t number)
{
    return number < G_N_ELEMENTS (s_kind_names) && s_kind_names[number].data;
}

message_kind_t
message_kind_of (text_t name)
{
    for (size_t kind = 0; kind < G_N_ELEMENTS (s_kind_names); kind++)
        if (s_kind_names[kind].data && text_equal (name, s_kind_names[kind]))
            return (message_kind_t) kind;
    return (message_kind_t) 0;
}

//  Write the low bytes of a number, the lowest one first.
static inline uint8_t *
s_put_number (uint8_t *at, uint64_t number, size_t bytes)
{
    uint64_t ordered = GUINT64_TO_LE (number);
    memcpy (at, &ordered, bytes);
    return at + bytes;
}

//  The length comes first, so that a byte that moves to the next text changes the hash.
static uint8_t *
s_put_text (uint8_t *at, text_t text)
{
    g_assert (text.size <= MESSAGE_TEXT_MAX_BYTES);
    at = s_put_number (at, text.size, 4);
    if (text.size > 0)
        memcpy (at, text.data, text.size);
    return at + text.size;
}

//  This assertion fails when message_t gets a new field. Add the field to the hash, behind the
//  others and only if it is set, because the hashes of older kinds must stay the same. Then correct
//  this size and CONTENT_MAX_BYTES.
_Static_assert(sizeof (message_t) == 4 * sizeof (text_t) + 4 * 8, "the hash misses a field");

uint32_t
message_content_hash (const message_t *message)
{
    uint8_t content[CONTENT_MAX_BYTES];
    uint8_t *at = s_put_number (content, (uint64_t) message->time_us, 8);
    at = s_put_number (at, (uint64_t) message->kind, 1);
    at = s_put_number (at, message->speed, 8);
    at = s_put_text (at, message->type);
    at = s_put_text (at, message->mission);
    at = s_put_text (at, message->reason);
    uint32_t hash = (uint32_t) XXH3_64bits (content, (size_t) (at - content));
    return hash ? hash : 1;
}
