//  Frames: packed messages can be read, and no other bytes are accepted.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "common/bytes/announcement.h"
#include "common/bytes/frame.h"
#include "common/bytes/msgpack_reader.h"

#define TIME_US 1643827145863370

static message_t
s_message (message_kind_t kind, uint64_t number)
{
    message_t message = {.channel = text_from ("apollo"),
        .number = number,
        .time_us = TIME_US,
        .kind = kind,
        .speed = kind <= MESSAGE_SLOWED ? 500 : 0};
    if (kind == MESSAGE_LAUNCHED)
        message.type = text_from ("Falcon-9");
    if (kind == MESSAGE_LAUNCHED || kind == MESSAGE_MISSION_CHANGED)
        message.mission = text_from ("ARTEMIS");
    if (kind == MESSAGE_EXPLODED)
        message.reason = text_from ("");
    return message;
}

//  A frame with a message of each kind; the caller frees it.
static uint8_t *
s_frame (size_t *size)
{
    packed_messages_t messages = {0};
    for (message_kind_t kind = MESSAGE_LAUNCHED; kind <= MESSAGE_MISSION_CHANGED; kind++) {
        message_t message = s_message (kind, kind == 3 ? MESSAGE_NUMBER_MAX : kind);
        packed_messages_add (&messages, &message);
    }
    frame_head_t head = {.source = "0123456789abcde", .sequence = UINT64_MAX, .partition = 1023};
    uint8_t *bytes = g_malloc (FRAME_HEAD_MAX_BYTES + messages.size);
    *size = frame_write (&head, &messages, bytes);
    packed_messages_free (&messages);
    return bytes;
}

Test (frame, what_is_packed_is_read)
{
    size_t size = 0;
    uint8_t *bytes = s_frame (&size);
    frame_t frame = {0};
    cr_assert_null (frame_read (&frame, bytes, size));
    cr_assert_eq (frame.count, 5);
    cr_assert_eq (frame.head.sequence, UINT64_MAX);
    cr_assert_eq (frame.head.partition, 1023);
    for (uint32_t index = 0; index < 5; index++) {
        message_kind_t kind = (message_kind_t) (index + 1);
        message_t expected = s_message (kind, kind == 3 ? MESSAGE_NUMBER_MAX : kind);
        const message_t *read = &frame.messages[index];
        cr_assert_eq (read->number, expected.number);
        cr_assert_eq (read->kind, expected.kind);
        cr_assert_eq (message_content_hash (read), message_content_hash (&expected));
        cr_assert (text_equal (read->channel, expected.channel));
    }
    frame_free (&frame);
    g_free (bytes);
}

Test (frame, cut_anywhere_or_followed_by_anything_it_is_refused)
{
    size_t size = 0;
    uint8_t *bytes = s_frame (&size);
    frame_t frame = {0};
    for (size_t cut = 0; cut < size; cut++) {
        //  A copy of just that size, so that a sanitizer sees any read behind it.
        uint8_t *part = g_memdup2 (bytes, cut);
        cr_assert_not_null (frame_read (&frame, part, cut), "cut at %zu", cut);
        cr_assert_eq (frame.count, 0);
        g_free (part);
    }
    uint8_t *longer = g_malloc0 (size + 1);
    memcpy (longer, bytes, size);
    cr_assert_not_null (frame_read (&frame, longer, size + 1));
    g_free (longer);
    frame_free (&frame);
    g_free (bytes);
}

Test (frame, with_any_byte_changed_it_is_refused_or_keeps_the_rules)
{
    size_t size = 0;
    uint8_t *bytes = s_frame (&size);
    frame_t frame = {0};
    for (size_t place = 0; place < size; place++) {
        uint8_t byte = bytes[place];
        for (unsigned value = 0; value < 256; value++) {
            bytes[place] = (uint8_t) value;
            const char *fault = frame_read (&frame, bytes, size);
            for (uint32_t index = 0; !fault && index < frame.count; index++) {
                message_fault_t broken;
                cr_assert (message_check_accepted (&frame.messages[index], &broken));
            }
        }
        bytes[place] = byte;
    }
    frame_free (&frame);
    g_free (bytes);
}

Test (frame, messages_of_several_requests_are_put_together)
{
    packed_messages_t one = {0};
    packed_messages_t two = {0};
    message_t message = s_message (MESSAGE_SPED_UP, 1);
    packed_messages_add (&one, &message);
    packed_messages_add (&two, &message);
    packed_messages_append (&one, &two);
    cr_assert_eq (one.count, 2);
    cr_assert_eq (one.size, 2 * two.size);
    packed_messages_clear (&one);
    cr_assert_eq (one.count, 0);
    packed_messages_append (&one, &one);
    cr_assert_eq (one.size, 0);
    packed_messages_free (&one);
    packed_messages_free (&two);
}

Test (msgpack_reader, a_count_is_not_believed_beyond_the_bytes_that_remain)
{
    static const char *const bombs[] = {"\xdd\x10\x00\x00\x00", "\xdf\xff\xff\xff\xff",
        "\xdc\xff\xff", "\xde\xff\xff", "\xdb\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff",
        "\xc9\xff\xff\xff\xff", "\x9f", "\x8f", "\xbf", "\xc1", "\xcf\x01", "\xc7"};
    for (size_t index = 0; index < G_N_ELEMENTS (bombs); index++) {
        size_t size = index == 0 ? 5 : strlen (bombs[index]);
        msgpack_reader_t reader;
        uint32_t count = 0;
        text_t text;
        msgpack_reader_init (&reader, bombs[index], size);
        cr_assert_not (msgpack_read_array (&reader, &count), "bomb %zu", index);
        cr_assert_not (msgpack_read_map (&reader, &count), "bomb %zu", index);
        cr_assert_not (msgpack_read_str (&reader, &text), "bomb %zu", index);
        cr_assert_not (msgpack_read_bin (&reader, &text), "bomb %zu", index);
        cr_assert_not (msgpack_skip (&reader), "bomb %zu", index);
        cr_assert_eq (reader.at, (const uint8_t *) bombs[index]);
    }
}

Test (msgpack_reader, integers_are_read_however_they_are_encoded)
{
    static const struct {
        const char *bytes;
        size_t size;
        int64_t value;
    } cases[] = {{"\x7f", 1, 127}, {"\xcc\x01", 2, 1}, {"\xcd\x00\x01", 3, 1},
        {"\xce\x00\x00\x00\x01", 5, 1}, {"\xcf\0\0\0\0\0\0\0\x01", 9, 1}, {"\xff", 1, -1},
        {"\xd0\xff", 2, -1}, {"\xd1\xff\xff", 3, -1}, {"\xd2\xff\xff\xff\xff", 5, -1},
        {"\xd3\x80\0\0\0\0\0\0\0", 9, INT64_MIN}, {"\xd0\x05", 2, 5}, {"\xd1\x00\x05", 3, 5}};
    for (size_t index = 0; index < G_N_ELEMENTS (cases); index++) {
        msgpack_reader_t reader;
        int64_t value = 0;
        uint64_t unsigned_value = 0;
        msgpack_reader_init (&reader, cases[index].bytes, cases[index].size);
        cr_assert_eq (msgpack_read_uint (&reader, &unsigned_value), cases[index].value >= 0);
        msgpack_reader_init (&reader, cases[index].bytes, cases[index].size);
        cr_assert (msgpack_read_int (&reader, &value), "case %zu", index);
        cr_assert_eq (value, cases[index].value, "case %zu", index);
        cr_assert (msgpack_is_done (&reader));
    }
}

static void
s_sum (void *context, uint64_t first, uint64_t last, const void *digests)
{
    for (uint64_t sequence = first; sequence <= last; sequence++)
        cr_assert_eq (ack_digest (digests, sequence - first), sequence * 3);
    *(uint64_t *) context += first * 1000 + last;
}

Test (announcement, what_is_written_is_read_and_a_cut_one_is_refused)
{
    static owner_announcement_t one = {.processor = "0123456789abcde",
        .frames = "tcp://127.0.0.1:5561",
        .state = {{1, 2, 3}},
        .ancestors = {2, {{{4}}, {{5}}}},
        .partitions = 16,
        .partitioner = PARTITIONER_MURMUR2,
        .owned_count = 2,
        .owned = {{3, 7}, {15, UINT64_MAX}},
        .has_rockets = true,
        .rockets = {1, UINT64_MAX, 3}};
    static owner_announcement_t two;
    size_t size = 0;
    uint8_t *bytes = owner_announcement_write (&one, &size);
    cr_assert (owner_announcement_read (&two, bytes, size));
    cr_assert_eq (two.owned_count, 2);
    cr_assert_eq (two.owned[1].epoch, UINT64_MAX);
    cr_assert_str_eq (two.frames, one.frames);
    cr_assert (two.has_rockets && two.rockets[1] == UINT64_MAX && two.rockets[2] == 3);
    cr_assert (state_id_equal (&two.state, &one.state));
    cr_assert_eq (two.ancestors.count, 2);
    cr_assert_eq (two.partitioner, PARTITIONER_MURMUR2);
    cr_assert (state_ancestors_has (&two.ancestors, &one.ancestors.ids[1]));
    for (size_t cut = 0; cut < size; cut++)
        cr_assert_not (owner_announcement_read (&two, bytes, cut));
    free (bytes);

    saved_frame_t frames[] = {{1, 3}, {2, 6}, {5, 15}, {6, 18}, {7, 21}, {8, 24}, {9, 27}};
    uint64_t sum = 0;
    bytes = ack_write (one.processor, frames, G_N_ELEMENTS (frames), &size);
    ack_t ack;
    for (size_t cut = 0; cut < size; cut++)
        cr_assert_not (ack_read (&ack, bytes, cut));
    cr_assert (ack_read (&ack, bytes, size));
    cr_assert (ack.has_processor);
    cr_assert_arr_eq (ack.processor, one.processor, PROCESSOR_ID_SIZE);
    ack_tell (&ack, s_sum, &sum);
    cr_assert_eq (sum, 1002 + 5009);
    free (bytes);
}
