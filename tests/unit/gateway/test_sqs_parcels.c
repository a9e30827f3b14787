//  Frames as messages of SQS: small ones share a message, large ones are cut, and no message or
//  batch is larger than SQS takes.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "gateway/link/sqs_parcels.h"

static frame_records_t *s_records;
static GQueue s_pieces;
static sqs_parcel_t s_parcels[SQS_BATCH_MAX];
static int s_frame;

static void
s_set_up (void)
{
    s_records = frame_records_new ();
    g_queue_init (&s_pieces);
}

TestSuite (sqs_parcels, .init = s_set_up);

//  Make the pieces of a frame with so many messages, each with this text. Return their number.
static size_t
s_make (uint64_t sequence, unsigned messages, text_t text)
{
    packed_messages_t packed = {0};
    for (unsigned number = 1; number <= messages; number++)
        packed_messages_add (&packed, &(message_t){.channel = text_from ("c"),
                                          .number = number,
                                          .kind = MESSAGE_MISSION_CHANGED,
                                          .mission = text});
    frame_head_t head = {.sequence = sequence};
    uint8_t *bytes = g_malloc (FRAME_HEAD_MAX_BYTES + packed.size);
    size_t size = frame_write (&head, &packed, bytes);
    cr_assert (frame_records_make (s_records, bytes, size, sequence));
    size_t made = sqs_pieces_make (s_records, &s_frame, &s_pieces);
    packed_messages_free (&packed);
    g_free (bytes);
    return made;
}

static void
s_free_pieces (GQueue *pieces)
{
    while (pieces->head)
        sqs_piece_free (g_queue_pop_head_link (pieces)->data);
}

static void
s_free (size_t parcels)
{
    for (size_t index = 0; index < parcels; index++) {
        s_free_pieces (&s_parcels[index].pieces);
        sqs_parcel_clear (&s_parcels[index]);
    }
    s_free_pieces (&s_pieces);
    frame_records_destroy (&s_records);
}

//  Return the bytes of a batch, as SQS counts them.
static size_t
s_bytes (size_t parcels)
{
    size_t bytes = 0;
    for (size_t index = 0; index < parcels; index++) {
        sqs_entry_t entry;
        sqs_parcel_describe (&s_parcels[index], NULL, &entry);
        bytes += sqs_entry_bytes (&entry);
    }
    return bytes;
}

Test (sqs_parcels, small_frames_share_a_message)
{
    sqs_entry_t entry;
    for (uint64_t sequence = 1; sequence <= SQS_PARCEL_FRAMES + 1; sequence++)
        cr_assert_eq (s_make (sequence, 2, text_from ("x")), 1);
    cr_assert_eq (sqs_parcels_pack (&s_pieces, s_parcels), 2);
    cr_expect_eq (s_parcels[0].pieces.length, SQS_PARCEL_FRAMES);
    sqs_parcel_describe (&s_parcels[0], "3", &entry);
    cr_expect_eq (entry.attributes_count, 1);
    cr_expect_str_eq (entry.attributes[0].name, "downlink-frame");
    cr_expect_eq (strlen (entry.attributes[0].value), SQS_PARCEL_FRAMES * SQS_TAG_DIGITS);
    cr_expect_str_eq (entry.group, "3");
    cr_expect_eq (entry.body.data[entry.body.size - 1], '\n');
    s_free (2);
}

Test (sqs_parcels, another_set_of_frames_is_another_message)
{
    s_make (1, 1, text_from ("x"));
    s_make (2, 1, text_from ("x"));
    cr_assert_eq (sqs_parcels_pack (&s_pieces, s_parcels), 1);
    char *both = g_strdup (s_parcels[0].once);
    s_free (1);
    s_records = frame_records_new ();
    s_make (1, 1, text_from ("x"));
    cr_assert_eq (sqs_parcels_pack (&s_pieces, s_parcels), 1);
    cr_expect_str_neq (s_parcels[0].once, both, "SQS would throw frame 2 away");
    g_free (both);
    s_free (1);
}

Test (sqs_parcels, a_large_frame_is_cut_between_lines_and_every_batch_fits)
{
    char text[MESSAGE_TEXT_MAX_BYTES];
    memset (text, 1, sizeof text);  //  six bytes each in JSON
    size_t made = s_make (1, 900, text_of (text, sizeof text));
    cr_assert_gt (made, 4);
    size_t lines = 0;
    size_t part = 0;
    while (s_pieces.head) {
        size_t count = sqs_parcels_pack (&s_pieces, s_parcels);
        cr_assert_gt (count, 0);
        cr_expect_leq (s_bytes (count), SQS_BATCH_BYTES);
        for (size_t index = 0; index < count; index++) {
            sqs_entry_t entry;
            char expected[SQS_PART_SIZE];
            sqs_parcel_describe (&s_parcels[index], NULL, &entry);
            g_snprintf (expected, sizeof expected, "%zu/%zu", ++part, made);
            cr_expect_eq (entry.attributes_count, 2);
            cr_expect_str_eq (entry.attributes[1].value, expected);
            for (size_t at = 0; at < entry.body.size; at++)
                lines += entry.body.data[at] == '\n';
            s_free_pieces (&s_parcels[index].pieces);
            sqs_parcel_clear (&s_parcels[index]);
        }
    }
    cr_expect_eq (lines, 900);
    s_free (0);
}

Test (sqs_parcels, many_frames_fill_batches_that_fit)
{
    for (uint64_t sequence = 1; sequence <= 2000; sequence++)
        s_make (sequence, 1 + (unsigned) (sequence % 40), text_from ("a mission"));
    size_t frames = 0;
    while (s_pieces.head) {
        size_t count = sqs_parcels_pack (&s_pieces, s_parcels);
        cr_assert (count > 0 && count <= SQS_BATCH_MAX);
        cr_expect_leq (s_bytes (count), SQS_BATCH_BYTES);
        for (size_t index = 0; index < count; index++) {
            frames += s_parcels[index].pieces.length;
            s_free_pieces (&s_parcels[index].pieces);
            sqs_parcel_clear (&s_parcels[index]);
        }
    }
    cr_expect_eq (frames, 2000);
    s_free (0);
}

Test (sqs_parcels, characters_that_sqs_refuses_are_escaped)
{
    s_make (1, 1, text_from ("\xef\xbf\xbe|\xef\xbf\xbf|\xef\xbf\xbd|\xef\xb7\x90|\x01"));
    cr_assert_eq (sqs_parcels_pack (&s_pieces, s_parcels), 1);
    cr_expect (
        strstr (s_parcels[0].lines->str, "\"\\ufffe|\\uffff|\xef\xbf\xbd|\xef\xb7\x90|\\u0001\""));
    s_free (1);
}
