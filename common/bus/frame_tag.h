//  The name of a frame on a bus with a broker: a header of the last message that holds its lines. By it
//  a processor knows which frame to acknowledge when all of it is saved. Layout: source (16 bytes),
//  sequence (8, big-endian), digest (8, big-endian).
//
//  A gateway writes the JSON itself, so every record with a tag begins like FRAME_RECORD_BEGIN. A broker's
//  library may take long to look for headers, and most foreign programs write other spaces: a record
//  that begins otherwise needs no look.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FRAME_TAG_H
#define DOWNLINK_FRAME_TAG_H

#include "common/bytes/frame.h"

#define FRAME_TAG_NAME "downlink-frame"
#define FRAME_TAG_SIZE (FRAME_SOURCE_SIZE + 2 * 8)
#define FRAME_RECORD_BEGIN "{\"metadata\":{\"channel\":"

//  Write a tag. digest is the frame_digest of the frame.
void frame_tag_write (uint8_t tag[FRAME_TAG_SIZE], const frame_head_t *head, uint64_t digest);

//  Return false if no gateway wrote this record, so that it has no tag.
bool frame_tag_may_be_on (text_t record);

//  Read source and sequence of a tag into a head, and the digest. Return false if it is none.
bool frame_tag_read (const void *bytes, size_t size, frame_head_t *head, uint64_t *digest)
    __attribute__ ((warn_unused_result));

#endif
