//  The records of a frame: read back with the reader of POST, they are the messages of the frame.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "common/bytes/message_json.h"
#include "gateway/link/frame_records.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof (literal) - 1                                                              \
    }

static const message_t s_messages[] = {
    {.channel = TEXT ("193270a9-c9cf-404a-8f83-838e71d9ae67"),
        .number = 1,
        .time_us = 1643827145863370,
        .kind = MESSAGE_LAUNCHED,
        .speed = 500,
        .type = TEXT ("Falcon-9"),
        .mission = TEXT ("ARTEMIS")},
    {.channel = TEXT ("\"quoted\\ \xc3\xa9 \xf0\x9f\x9a\x80"),
        .number = MESSAGE_NUMBER_MAX,
        .time_us = -62167219200000000,
        .kind = MESSAGE_SPED_UP,
        .speed = MESSAGE_NUMBER_MAX},
    {.channel = TEXT ("c"), .number = 2, .time_us = 253402300799999999, .kind = MESSAGE_SLOWED},
    {.channel = TEXT ("c"),
        .number = 3,
        .time_us = 1,
        .kind = MESSAGE_EXPLODED,
        .reason = TEXT ("line\nand\ttab \x01 \"")},
    {.channel = TEXT ("c"), .number = 4, .kind = MESSAGE_MISSION_CHANGED, .mission = TEXT ("")},
};

static const uint8_t s_source[FRAME_SOURCE_SIZE] = "0123456789abcde";

//  Write a frame with the messages; the caller frees the bytes.
static uint8_t *
s_write_frame (const message_t *messages, size_t count, size_t *size)
{
    packed_messages_t packed = {0};
    for (size_t index = 0; index < count; index++)
        packed_messages_add (&packed, &messages[index]);
    frame_head_t head = {.sequence = 0x0102030405060708, .partition = 3};
    memcpy (head.source, s_source, FRAME_SOURCE_SIZE);
    uint8_t *bytes = g_malloc (FRAME_HEAD_MAX_BYTES + packed.size);
    *size = frame_write (&head, &packed, bytes);
    packed_messages_free (&packed);
    return bytes;
}

static void
s_accept (void *context, size_t index, const message_t *message)
{
    (void) index;
    const message_t *expected = context;
    cr_expect (text_equal (message->channel, expected->channel));
    cr_expect_eq (message->number, expected->number);
    cr_expect_eq (message->time_us, expected->time_us);
    cr_expect_eq (message_content_hash (message), message_content_hash (expected));
}

static void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    (void) context;
    (void) index;
    cr_expect_fail ("%s %s", pointer, detail);
}

Test (frame_records, a_value_is_what_post_takes)
{
    size_t size = 0;
    uint8_t *bytes = s_write_frame (s_messages, G_N_ELEMENTS (s_messages), &size);
    frame_records_t *records = frame_records_new ();
    cr_assert (frame_records_make (records, bytes, size, 1));
    size_t count = 0;
    const frame_record_t *all = frame_records_all (records, &count);
    cr_assert_eq (count, G_N_ELEMENTS (s_messages));
    message_json_t *reader = message_json_new (65536);
    size_t total = 0;
    for (size_t index = 0; index < count; index++) {
        char body[8192] = "";
        const char *detail = NULL;
        memcpy (body, all[index].value.data, all[index].value.size);
        cr_expect (text_equal (all[index].key, s_messages[index].channel));
        cr_expect_eq (message_json_read (reader, body, all[index].value.size, MESSAGE_JSON_DOCUMENT,
                          s_accept, s_refuse, (void *) (gpointer) &s_messages[index], &detail),
            MESSAGE_JSON_READ);
        total += all[index].key.size + all[index].value.size;
    }
    cr_expect_eq (frame_records_bytes (records), total);
    cr_expect (text_equal (all[0].value,
        text_from ("{\"metadata\":{\"channel\":\"193270a9-c9cf-404a-8f83-838e71d9ae67\","
                   "\"messageNumber\":1,\"messageTime\":\"2022-02-02T18:39:05.863370Z\","
                   "\"messageType\":\"RocketLaunched\"},\"message\":{\"type\":\"Falcon-9\","
                   "\"launchSpeed\":500,\"mission\":\"ARTEMIS\"}}")));
    text_t lines = frame_records_lines (records);
    cr_expect_eq (lines.data, all[0].value.data);
    cr_expect_eq (lines.data + lines.size, all[count - 1].value.data + all[count - 1].value.size);
    for (size_t index = 1; index < count; index++)
        cr_expect_eq (all[index].value.data[-1], '\n');
    message_json_destroy (&reader);
    frame_records_destroy (&records);
    g_free (bytes);
}

Test (frame_records, the_tag_names_the_frame)
{
    static const uint8_t expected[] = "0123456789abcde\0"
                                      "\x01\x02\x03\x04\x05\x06\x07\x08"
                                      "\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8";
    size_t size = 0;
    uint8_t *bytes = s_write_frame (s_messages, 2, &size);
    frame_records_t *records = frame_records_new ();
    cr_assert (frame_records_make (records, bytes, size, 0xa1a2a3a4a5a6a7a8));
    cr_expect_arr_eq (frame_records_tag (records), expected, FRAME_TAG_SIZE);
    size_t count = 0;
    const frame_record_t *all = frame_records_all (records, &count);
    for (size_t index = 0; index < count; index++)
        cr_expect (frame_tag_may_be_on (all[index].value));
    frame_records_destroy (&records);
    g_free (bytes);
}

Test (frame_records, memory_is_used_again_for_frames_of_any_size)
{
    enum { MANY = 500 };
    char text[MESSAGE_TEXT_MAX_BYTES];
    memset (text, '\x01', sizeof text);  //  six bytes each in JSON
    message_t messages[MANY];
    for (size_t index = 0; index < MANY; index++)
        messages[index] = (message_t){.channel = TEXT ("channel"),
            .number = index + 1,
            .kind = MESSAGE_LAUNCHED,
            .type = {text, sizeof text},
            .mission = {text, sizeof text}};
    frame_records_t *records = frame_records_new ();
    static const size_t counts[] = {1, MANY, 2};
    for (size_t round = 0; round < G_N_ELEMENTS (counts); round++) {
        size_t size = 0;
        size_t count = 0;
        uint8_t *bytes = s_write_frame (messages, counts[round], &size);
        cr_assert (frame_records_make (records, bytes, size, 1));
        (void) frame_records_all (records, &count);
        cr_expect_eq (count, counts[round]);
        cr_expect_gt (frame_records_bytes (records), counts[round] * 6 * 2 * sizeof text);
        g_free (bytes);
    }
    frame_records_destroy (&records);
}

Test (frame_records, other_bytes_are_no_frame)
{
    frame_records_t *records = frame_records_new ();
    cr_expect_not (frame_records_make (records, (const uint8_t *) "frame", 5, 1));
    frame_records_destroy (&records);
}
