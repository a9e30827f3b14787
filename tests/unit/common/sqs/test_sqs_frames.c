//  The names of frames on a message of SQS, and frames that come in pieces.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "common/sqs/sqs_frames.h"

static void
s_print (uint64_t sequence, uint64_t digest, char *text)
{
    uint8_t tag[FRAME_TAG_SIZE];
    frame_head_t head = {.sequence = sequence};
    memcpy (head.source, "0123456789abcdef", FRAME_SOURCE_SIZE);
    frame_tag_write (tag, &head, digest);
    sqs_frames_print (tag, text);
}

Test (sqs_frames, several_tags_stand_in_one_text)
{
    char text[2 * SQS_TAG_DIGITS + 1];
    frame_head_t head;
    uint64_t digest = 0;
    s_print (7, UINT64_MAX, text);
    s_print (8, 9, text + SQS_TAG_DIGITS);
    cr_assert (sqs_frames_read (text, 0, &head, &digest));
    cr_expect_eq (head.sequence, 7);
    cr_expect_eq (digest, UINT64_MAX);
    cr_expect_arr_eq (head.source, "0123456789abcdef", FRAME_SOURCE_SIZE);
    cr_assert (sqs_frames_read (text, 1, &head, &digest));
    cr_expect_eq (head.sequence, 8);
    cr_expect_eq (digest, 9);
    cr_expect_not (sqs_frames_read (text, 2, &head, &digest));
}

Test (sqs_frames, other_texts_are_no_tags)
{
    char text[SQS_TAG_DIGITS + 1];
    frame_head_t head;
    uint64_t digest = 0;
    s_print (7, 8, text);
    cr_expect_not (sqs_frames_read (text + 1, 0, &head, &digest));
    cr_expect_not (sqs_frames_read ("", 0, &head, &digest));
    text[SQS_TAG_DIGITS - 1] = 'g';
    cr_expect_not (sqs_frames_read (text, 0, &head, &digest));
}

Test (sqs_frames, parts_are_within_bounds)
{
    unsigned part = 0;
    unsigned parts = 0;
    cr_assert (sqs_part_read ("2/3", &part, &parts));
    cr_expect_eq (part, 2);
    cr_expect_eq (parts, 3);
    cr_expect (sqs_part_read ("64/64", &part, &parts));
    static const char *const bad[] = {"", "/", "0/3", "4/3", "1/65", "1/0", "-1/3", " 1/3", "1/3x",
        "1", "1/3/4", "99999999999/3"};
    for (size_t index = 0; index < sizeof bad / sizeof *bad; index++)
        cr_expect_not (sqs_part_read (bad[index], &part, &parts), "%s", bad[index]);
}

Test (sqs_frames, a_frame_is_whole_when_all_its_pieces_were_seen_in_any_order)
{
    sqs_frames_t *frames = sqs_frames_new ();
    frame_head_t head = {.sequence = 1, .partition = 3};
    cr_expect_not (sqs_frames_note (frames, &head, 5, 2, 3));
    cr_expect_not (sqs_frames_note (frames, &head, 5, 2, 3), "it came twice");
    cr_expect_not (sqs_frames_note (frames, &head, 5, 3, 3));
    cr_expect_not (sqs_frames_note (frames, &head, 6, 1, 3), "another frame");
    cr_expect (sqs_frames_note (frames, &head, 5, 1, 3));
    for (unsigned part = 1; part < SQS_PARTS_MAX; part++)
        cr_expect_not (sqs_frames_note (frames, &head, 7, part, SQS_PARTS_MAX));
    cr_expect (sqs_frames_note (frames, &head, 7, SQS_PARTS_MAX, SQS_PARTS_MAX));
    cr_expect_not (sqs_frames_note (frames, &head, 8, 1, 2));
    sqs_frames_forget (frames, 3);
    cr_expect_not (sqs_frames_note (frames, &head, 8, 2, 2), "others may have taken the rest in");
    sqs_frames_destroy (&frames);
}

Test (sqs_frames, the_memory_of_incomplete_frames_is_bounded)
{
    sqs_frames_t *frames = sqs_frames_new ();
    frame_head_t head = {.sequence = 0};
    for (head.sequence = 1; head.sequence <= 3000; head.sequence++)
        cr_expect_not (sqs_frames_note (frames, &head, head.sequence, 1, 2));
    head.sequence = 1;
    cr_expect_not (sqs_frames_note (frames, &head, 1, 2, 2), "it is forgotten");
    head.sequence = 3000;
    cr_expect (sqs_frames_note (frames, &head, 3000, 2, 2));
    sqs_frames_destroy (&frames);
}
