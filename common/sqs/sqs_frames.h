//  The attributes in which a message of SQS names the frames whose lines it has. downlink-frame has
//  the tags (common/bus/frame_tag.h) of all these frames in hexadecimal, one behind the other. If
//  the message has a piece of a large frame, downlink-part says which piece: "2/3".
//
//  A processor acknowledges a frame in pieces when it has seen all of them. It remembers a bounded
//  number of incomplete frames. A forgotten frame is not acknowledged; only a client that waits for
//  its messages notices that.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_FRAMES_H
#define DOWNLINK_SQS_FRAMES_H

#include "common/bus/frame_tag.h"

#define SQS_FRAMES_NAME "downlink-frame"
#define SQS_PART_NAME "downlink-part"
#define SQS_PART_SIZE 16
#define SQS_PARTS_MAX 64  //  even a frame of the longest texts, all of them escaped, has fewer
#define SQS_TAG_DIGITS (2 * FRAME_TAG_SIZE)

//  Write a tag in hexadecimal, with a zero byte behind it.
void sqs_frames_print (const uint8_t tag[FRAME_TAG_SIZE], char text[SQS_TAG_DIGITS + 1]);

//  Read the tag at an index of the attribute's text. Return false if there is none.
bool sqs_frames_read (const char *text, size_t index, frame_head_t *head, uint64_t *digest)
    __attribute__ ((warn_unused_result));

//  Read a part number, from 1, and the number of parts. Return false if the text has another form.
bool sqs_part_read (const char *text, unsigned *part, unsigned *parts)
    __attribute__ ((warn_unused_result));

//  The frames of which some pieces have come, but not all.
typedef struct sqs_frames sqs_frames_t;

sqs_frames_t *sqs_frames_new (void);

void sqs_frames_destroy (sqs_frames_t **self_p);

//  Note a piece of a frame. If all its pieces were seen, forget the frame and return true.
bool sqs_frames_note (
    sqs_frames_t *self, const frame_head_t *head, uint64_t digest, unsigned part, unsigned parts);

//  Forget the frames of a partition that leaves: another processor may get their other pieces.
void sqs_frames_forget (sqs_frames_t *self, uint32_t partition);

#endif
