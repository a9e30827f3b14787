//  Frames: messages of one partition as bytes, for PUSH/PULL sockets and for the journal.
//
//    frame   = [1, source: bin 16, sequence: uint, partition: uint, [message, ...]]
//    message = [channel: str, number: uint, time: int, kind: uint, ...]
//
//  docs/protocol.md describes all of it, with worked examples.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FRAME_H
#define DOWNLINK_FRAME_H

#include "common/domain/message.h"

#define FRAME_VERSION 1
#define FRAME_SOURCE_SIZE 16
#define FRAME_HEAD_MAX_BYTES 40        //  of all members before the messages
#define FRAME_MESSAGES_BYTES 262144    //  a gateway seals a frame before its messages exceed this
#define FRAME_MAX_BYTES (1024 * 1024)  //  a processor refuses larger frames

//  Packed messages, one after another, as a frame holds them. Zeroed memory holds none.
typedef struct {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    uint32_t count;
} packed_messages_t;

//  Pack a message and append it.
void packed_messages_add (packed_messages_t *self, const message_t *message);

//  Append all messages of another object.
void packed_messages_append (packed_messages_t *self, const packed_messages_t *other);

//  Remove the messages and keep the memory for the next ones.
void packed_messages_clear (packed_messages_t *self);

//  Free the memory.
void packed_messages_free (packed_messages_t *self);

typedef struct {
    uint8_t source[FRAME_SOURCE_SIZE];  //  the maker of the frame: one run of one worker
    uint64_t sequence;                  //  number of the frame within its source
    uint32_t partition;
} frame_head_t;

//  Write a frame with these messages into bytes, which has room for FRAME_HEAD_MAX_BYTES and the
//  messages. Return the size of the frame.
size_t frame_write (const frame_head_t *head, const packed_messages_t *messages, uint8_t *bytes);

//  A frame that was read. It owns the array of messages and reuses it for the next frame. Texts
//  point into the bytes. Zeroed memory holds no frame.
typedef struct {
    frame_head_t head;
    message_t *messages;
    uint32_t count;
    uint32_t capacity;
} frame_t;

//  Read a frame and check every message. Return NULL if the frame is good, or a sentence about the
//  first fault: then the whole frame is bad.
const char *frame_read (frame_t *self, const void *bytes, size_t size)
    __attribute__ ((warn_unused_result));

//  Return a digest of a frame's bytes, which tells frames with the same source and sequence apart.
uint64_t frame_digest (const void *bytes, size_t size);

//  Free the memory.
void frame_free (frame_t *self);

#endif
