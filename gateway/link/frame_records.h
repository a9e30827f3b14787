//  The messages of a frame as JSON, exactly as POST /messages takes them, for a bus with a broker.
//  So any program can read the bus and write to it. A bus may send each message as a record, with
//  the channel as its key, or all messages together as lines.
//
//  The last record of a frame carries the frame's tag (common/bus/frame_tag.h), or the message that
//  holds the lines does.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FRAME_RECORDS_H
#define DOWNLINK_FRAME_RECORDS_H

#include <stdbool.h>

#include "common/bus/frame_tag.h"

typedef struct {
    text_t key;
    text_t value;
} frame_record_t;

//  The records of one frame. The object reuses its memory for the next frame.
typedef struct frame_records frame_records_t;

frame_records_t *frame_records_new (void);

void frame_records_destroy (frame_records_t **self_p);

//  Make the records of a frame, whose bytes are borrowed until the next call. Return false if the
//  bytes are not a frame.
bool frame_records_make (frame_records_t *self, const uint8_t *bytes, size_t size, uint64_t digest)
    __attribute__ ((warn_unused_result));

//  Return the records, in the order of the messages, and set *count; at least one.
const frame_record_t *frame_records_all (const frame_records_t *self, size_t *count);

//  Return the bytes of all keys and values.
size_t frame_records_bytes (const frame_records_t *self);

//  Return all values as lines, without a line feed behind the last one.
text_t frame_records_lines (const frame_records_t *self);

//  Return the tag, FRAME_TAG_SIZE bytes.
const uint8_t *frame_records_tag (const frame_records_t *self);

#endif
