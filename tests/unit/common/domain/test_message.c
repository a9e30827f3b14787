//  The rules of a message, and the hash of its content.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "common/domain/message.h"
#include "common/text/timestamp.h"

static message_t
s_message (message_kind_t kind)
{
    message_t message = {
        .channel = text_from ("rocket"), .number = 1, .time_us = 1643827145863370, .kind = kind};
    switch (kind) {
    case MESSAGE_LAUNCHED:
        message.type = text_from ("Falcon-9");
        message.speed = 500;
        message.mission = text_from ("ARTEMIS");
        break;
    case MESSAGE_SPED_UP:
    case MESSAGE_SLOWED:
        message.speed = 3000;
        break;
    case MESSAGE_EXPLODED:
        message.reason = text_from ("PRESSURE_VESSEL_FAILURE");
        break;
    case MESSAGE_MISSION_CHANGED:
        message.mission = text_from ("SHUTTLE_MIR");
        break;
    }
    return message;
}

static void
s_expect_good (const message_t *message, const char *what)
{
    message_fault_t fault = {"", ""};
    cr_expect (message_check (message, &fault), "%s: %s %s", what, fault.pointer, fault.detail);
}

static void
s_expect_fault (const message_t *message, const char *pointer, const char *detail, const char *what)
{
    message_fault_t fault = {"", ""};
    cr_assert_not (message_check (message, &fault), "%s", what);
    cr_expect_str_eq (fault.pointer, pointer, "%s: %s", what, fault.pointer);
    cr_expect_str_eq (fault.detail, detail, "%s: %s", what, fault.detail);
}

#define CHANNEL_RULE                                                                               \
    "must be a string of 1 to 128 bytes without control, format or line separator characters"
#define NUMBER_RULE "must be an integer from 1 to 9007199254740991"
#define SPEED_RULE "must be an integer from 0 to 9007199254740991"
#define TEXT_RULE "must be a string of at most 256 bytes"
#define TIME_RULE                                                                                  \
    "must be an RFC 3339 date-time with offset, such as 2022-02-02T19:39:05.86337+01:00"
#define KIND_RULE                                                                                  \
    "must be RocketLaunched, RocketSpeedIncreased, RocketSpeedDecreased, RocketExploded "          \
    "or RocketMissionChanged"

static const char *const s_kind_names[] = {NULL, "RocketLaunched", "RocketSpeedIncreased",
    "RocketSpeedDecreased", "RocketExploded", "RocketMissionChanged"};

Test (message, one_of_each_kind_keeps_the_rules)
{
    for (message_kind_t kind = MESSAGE_LAUNCHED; kind <= MESSAGE_MISSION_CHANGED; kind++) {
        message_t message = s_message (kind);
        s_expect_good (&message, s_kind_names[kind]);
    }
}

Test (message, every_kind_is_found_by_its_name)
{
    for (message_kind_t kind = MESSAGE_LAUNCHED; kind <= MESSAGE_MISSION_CHANGED; kind++)
        cr_expect_eq (message_kind_of (text_from (s_kind_names[kind])), kind);
}

Test (message, other_numbers_and_names_are_no_kind)
{
    static const char *const names[] = {"", "RocketLaunche", "RocketLaunchedd", "rocketlaunched",
        "RocketSpeedIncreasee", "launched", " RocketLaunched"};
    for (uint64_t number = 0; number < 256; number++)
        cr_expect_eq (message_kind_is_known (number), number >= 1 && number <= 5);
    cr_expect_not (message_kind_is_known (UINT64_MAX));
    for (size_t at = 0; at < sizeof names / sizeof names[0]; at++)
        cr_expect_eq (message_kind_of (text_from (names[at])), 0, "%s", names[at]);
    cr_expect_eq (message_kind_of ((text_t){0}), 0);
    cr_expect_eq (message_kind_of (text_of ("RocketLaunched", 15)), 0, "with a zero byte");
}

Test (message, a_kind_that_is_none_is_refused)
{
    message_t message = s_message ((message_kind_t) 0);
    s_expect_fault (&message, "/metadata/messageType", KIND_RULE, "0");
    message = s_message ((message_kind_t) 6);
    s_expect_fault (&message, "/metadata/messageType", KIND_RULE, "6");
}

Test (message, numbers_are_from_1_to_2_to_the_53_less_1)
{
    message_t message = s_message (MESSAGE_SPED_UP);
    message.number = MESSAGE_NUMBER_MAX;
    s_expect_good (&message, "highest");
    message.number = 0;
    s_expect_fault (&message, "/metadata/messageNumber", NUMBER_RULE, "0");
    message.number = MESSAGE_NUMBER_MAX + 1;
    s_expect_fault (&message, "/metadata/messageNumber", NUMBER_RULE, "2^53");
    message.number = UINT64_MAX;
    s_expect_fault (&message, "/metadata/messageNumber", NUMBER_RULE, "2^64 - 1");
}

Test (message, times_have_a_year_of_four_digits)
{
    message_t message = s_message (MESSAGE_SPED_UP);
    message.time_us = TIMESTAMP_MIN_US;
    s_expect_good (&message, "first");
    message.time_us = TIMESTAMP_MAX_US;
    s_expect_good (&message, "last");
    message.time_us = TIMESTAMP_MIN_US - 1;
    s_expect_fault (&message, "/metadata/messageTime", TIME_RULE, "before the first");
    message.time_us = TIMESTAMP_MAX_US + 1;
    s_expect_fault (&message, "/metadata/messageTime", TIME_RULE, "after the last");
}

Test (message, speeds_are_from_0_to_2_to_the_53_less_1)
{
    static const message_kind_t kinds[] = {MESSAGE_LAUNCHED, MESSAGE_SPED_UP, MESSAGE_SLOWED};
    static const char *const pointers[] = {"/message/launchSpeed", "/message/by", "/message/by"};
    for (int at = 0; at < 3; at++) {
        message_t message = s_message (kinds[at]);
        message.speed = 0;
        s_expect_good (&message, "0");
        message.speed = MESSAGE_NUMBER_MAX;
        s_expect_good (&message, "highest");
        message.speed = MESSAGE_NUMBER_MAX + 1;
        s_expect_fault (&message, pointers[at], SPEED_RULE, "2^53");
        message.speed = UINT64_MAX;
        s_expect_fault (&message, pointers[at], SPEED_RULE, "2^64 - 1");
    }
}

//  A kind, the place of a text in a message of it, and how the text is called in JSON.
typedef struct {
    message_kind_t kind;
    size_t offset;
    const char *pointer;
} place_t;

static const place_t s_places[] = {
    {MESSAGE_LAUNCHED, offsetof (message_t, type), "/message/type"},
    {MESSAGE_LAUNCHED, offsetof (message_t, mission), "/message/mission"},
    {MESSAGE_EXPLODED, offsetof (message_t, reason), "/message/reason"},
    {MESSAGE_MISSION_CHANGED, offsetof (message_t, mission), "/message/newMission"},
};

Test (message, texts_are_there_and_have_at_most_256_bytes)
{
    char bytes[257];
    memset (bytes, 'x', sizeof bytes);
    for (size_t at = 0; at < sizeof s_places / sizeof s_places[0]; at++) {
        const place_t *place = &s_places[at];
        message_t message = s_message (place->kind);
        text_t *text = (text_t *) ((char *) &message + place->offset);
        *text = text_of ("", 0);
        s_expect_good (&message, "empty");
        *text = text_of ("a\0\x01\x7f\xc2\x80", 6);
        s_expect_good (&message, "control characters");
        *text = text_of (bytes, 256);
        s_expect_good (&message, "256 bytes");
        *text = text_of (bytes, 257);
        s_expect_fault (&message, place->pointer, TEXT_RULE, "257 bytes");
        *text = text_of ("\xff", 1);
        s_expect_fault (&message, place->pointer, TEXT_RULE, "not UTF-8");
        *text = (text_t){0};
        s_expect_fault (&message, place->pointer, TEXT_RULE, "none");
    }
}

Test (message, channels_are_there_and_have_1_to_128_bytes)
{
    char bytes[129];
    memset (bytes, 'x', sizeof bytes);
    message_t message = s_message (MESSAGE_SPED_UP);
    for (size_t size = 1; size <= 128; size++) {
        message.channel = text_of (bytes, size);
        s_expect_good (&message, "1 to 128 bytes");
    }
    message.channel = text_of (bytes, 129);
    s_expect_fault (&message, "/metadata/channel", CHANNEL_RULE, "129 bytes");
    message.channel = text_of (bytes, 0);
    s_expect_fault (&message, "/metadata/channel", CHANNEL_RULE, "empty");
    message.channel = (text_t){0};
    s_expect_fault (&message, "/metadata/channel", CHANNEL_RULE, "none");
}

//  Encode a code point without asking whether it is one.
static text_t
s_encode (uint32_t point, char bytes[4])
{
    size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char heads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t at = size - 1; at > 0; at--, point >>= 6)
        bytes[at] = (char) (0x80 | (point & 0x3f));
    bytes[0] = (char) (heads[size] | point);
    return text_of (bytes, size);
}

Test (message, every_code_point_but_hidden_ones_may_stand_in_a_channel)
{
    message_t message = s_message (MESSAGE_SPED_UP);
    for (uint32_t point = 0; point < 0x110400; point++) {
        char bytes[4];
        message_fault_t fault;
        GUnicodeType type = g_unichar_type (point);
        bool hidden = type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
                      type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        bool good = !hidden && !surrogate && point <= 0x10ffff;
        bool was_good = good || (hidden && point >= 0x80);
        message.channel = s_encode (point, bytes);
        cr_assert_eq (message_check (&message, &fault), good, "U+%04X", point);
        cr_assert_eq (message_check_accepted (&message, &fault), was_good, "U+%04X", point);
    }
}

Test (message, every_code_point_may_stand_in_a_text)
{
    message_t message = s_message (MESSAGE_EXPLODED);
    for (uint32_t point = 0; point < 0x110400; point++) {
        char bytes[4];
        message_fault_t fault;
        bool good = !(point >= 0xd800 && point <= 0xdfff) && point <= 0x10ffff;
        message.reason = s_encode (point, bytes);
        cr_assert_eq (message_check (&message, &fault), good, "U+%04X", point);
    }
}

Test (message, a_hidden_character_is_seen_at_any_place_of_a_channel)
{
    static const char *const hidden[] = {"\x01", "\x1f", "\x7f", "\n", "\xc2\x80", "\xc2\x9f",
        "\xc2\xad", "\xe2\x80\x8b", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xae", "\xef\xbb\xbf",
        "\xf3\xa0\x80\x81"};
    for (size_t at = 0; at < sizeof hidden / sizeof hidden[0]; at++) {
        for (size_t place = 0; place < 30; place++) {
            char bytes[33];
            memset (bytes, '~', sizeof bytes);
            memcpy (bytes + place, hidden[at], strlen (hidden[at]));
            message_t message = s_message (MESSAGE_SPED_UP);
            for (size_t size = place + strlen (hidden[at]); size <= sizeof bytes; size++) {
                message.channel = text_of (bytes, size);
                s_expect_fault (&message, "/metadata/channel", CHANNEL_RULE, "hidden");
            }
        }
    }
}

Test (message, what_is_no_utf_8_is_refused_at_any_place)
{
    static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
        "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "\xc3(",
        "\xe2\x82(", "\xe2(\xac", "\xf0\x9f\x98(", "\xf0\x9f(\x80", "\xf0(\x98\x80", "\xc3\xc3"};
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        for (size_t place = 0; place < 20; place++) {
            char bytes[32];
            memset (bytes, 'x', sizeof bytes);
            memcpy (bytes + place, bad[at], strlen (bad[at]));
            message_t message = s_message (MESSAGE_EXPLODED);
            for (size_t size = place + strlen (bad[at]); size <= sizeof bytes; size++) {
                message.reason = text_of (bytes, size);
                s_expect_fault (&message, "/message/reason", TEXT_RULE, "not UTF-8");
            }
        }
    }
}

Test (message, a_sequence_cut_off_at_the_end_is_refused_and_nothing_behind_it_read)
{
    static const char *const cut[] = {
        "\xc3", "\xe2", "\xe2\x82", "\xf0", "\xf0\x9f", "\xf0\x9f\x98"};
    for (size_t at = 0; at < sizeof cut / sizeof cut[0]; at++) {
        size_t size = strlen (cut[at]);
        char *copy = malloc (size);  //  so that a sanitizer sees a byte read too many
        memcpy (copy, cut[at], size);
        message_t message = s_message (MESSAGE_SPED_UP);
        message.channel = text_of (copy, size);
        s_expect_fault (&message, "/metadata/channel", CHANNEL_RULE, "cut off");
        free (copy);
    }
}

Test (message, the_first_fault_in_the_order_of_the_rules_is_told)
{
    message_t message = {.time_us = INT64_MIN, .speed = UINT64_MAX};
    s_expect_fault (&message, "/metadata/channel", CHANNEL_RULE, "all");
    message.channel = text_from ("rocket");
    s_expect_fault (&message, "/metadata/messageNumber", NUMBER_RULE, "all but the channel");
    message.number = 1;
    s_expect_fault (&message, "/metadata/messageTime", TIME_RULE, "time, kind and members");
    message.time_us = 0;
    s_expect_fault (&message, "/metadata/messageType", KIND_RULE, "kind and members");
    message.kind = MESSAGE_LAUNCHED;
    s_expect_fault (&message, "/message/type", TEXT_RULE, "members");
    message.type = text_from ("");
    s_expect_fault (&message, "/message/launchSpeed", SPEED_RULE, "speed and mission");
    message.speed = 0;
    s_expect_fault (&message, "/message/mission", TEXT_RULE, "mission");
}

Test (message, the_hash_of_a_content_is_the_same_in_every_release)
{
    static const uint32_t hashes[] = {
        0, 0xd8ca6e4d, 0xaeeeef73, 0xbb289b24, 0x22698ba0, 0x53cfe1c7};
    for (message_kind_t kind = MESSAGE_LAUNCHED; kind <= MESSAGE_MISSION_CHANGED; kind++) {
        message_t message = s_message (kind);
        cr_expect_eq (message_content_hash (&message), hashes[kind], "%s 0x%08x",
            s_kind_names[kind], message_content_hash (&message));
    }
}

Test (message, the_hash_does_not_see_channel_and_number)
{
    message_t message = s_message (MESSAGE_LAUNCHED);
    uint32_t hash = message_content_hash (&message);
    message.channel = text_from ("another");
    message.number = 77;
    cr_expect_eq (message_content_hash (&message), hash);
}

Test (message, the_hash_sees_every_other_member)
{
    const message_t original = s_message (MESSAGE_LAUNCHED);
    uint32_t hash = message_content_hash (&original);
    message_t changed[6] = {original, original, original, original, original, original};
    changed[0].time_us++;
    changed[1].kind = MESSAGE_EXPLODED;
    changed[2].speed++;
    changed[3].type = text_from ("Falcon-8");
    changed[4].mission = text_from ("ARTEMIS ");
    changed[5].reason = text_from ("x");
    for (int at = 0; at < 6; at++)
        cr_expect_neq (message_content_hash (&changed[at]), hash, "member %d", at);
}

Test (message, the_hash_sees_a_byte_move_from_one_text_to_the_next)
{
    message_t message = s_message (MESSAGE_LAUNCHED);
    message.type = text_from ("ab");
    message.mission = text_from ("c");
    uint32_t hash = message_content_hash (&message);
    message.type = text_from ("a");
    message.mission = text_from ("bc");
    cr_expect_neq (message_content_hash (&message), hash);
    message.type = text_from ("");
    message.mission = text_from ("abc");
    cr_expect_neq (message_content_hash (&message), hash);
}

Test (message, the_hash_takes_texts_of_full_length)
{
    char bytes[MESSAGE_TEXT_MAX_BYTES];
    memset (bytes, 'x', sizeof bytes);
    message_t message = s_message (MESSAGE_LAUNCHED);
    message.type = message.mission = message.reason = text_of (bytes, sizeof bytes);
    cr_expect_neq (message_content_hash (&message), 0);
}

Test (message, the_rule_of_kinds_names_every_kind)
{
    for (message_kind_t kind = MESSAGE_LAUNCHED; kind <= MESSAGE_MISSION_CHANGED; kind++)
        cr_expect (strstr (MESSAGE_KIND_RULE, s_kind_names[kind]), "%s", s_kind_names[kind]);
}
