//  The tag of a frame: its name on a bus with a broker, in a header of the last message with its
//  lines. The tag shows a processor which frame to acknowledge when all its messages are saved.
//  Layout: source (16 bytes), sequence (8, big-endian), digest (8, big-endian).
//
//  Gateways write the JSON of records themselves, so every record with a tag begins with
//  FRAME_RECORD_BEGIN. Looking for headers may be slow, and most other programs write other spaces.
//  So a processor looks for a tag only if the record begins like that.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FRAME_TAG_H
#define DOWNLINK_FRAME_TAG_H

#include "common/bytes/frame.h"

#define FRAME_TAG_NAME "downlink-frame"
#define FRAME_TAG_SIZE (FRAME_SOURCE_SIZE + 2 * 8)
#define FRAME_RECORD_BEGIN "{\"metadata\":{\"channel\":"

//  Write a tag. digest is the frame_digest of the frame.
void frame_tag_write (uint8_t tag[FRAME_TAG_SIZE], const frame_head_t *head, uint64_t digest);

//  Return false if no gateway can have written this record, so that it has no tag.
bool frame_tag_may_be_on (text_t record);

//  Read a tag: set source and sequence of the head, and the digest. Return false if the bytes are
//  not a tag.
bool frame_tag_read (const void *bytes, size_t size, frame_head_t *head, uint64_t *digest)
    __attribute__ ((warn_unused_result));

#endif
