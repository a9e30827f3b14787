//  Frames: messages of one partition as the bytes that go over PUSH/PULL and into the journal.
//
//    frame   = [1, source: bin 16, sequence: uint, partition: uint, [message, ...]]
//    message = [channel: str, number: uint, time: int, kind: uint, ...]
//
//  docs/protocol.md has the whole of it, with worked examples.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FRAME_H
#define DOWNLINK_FRAME_H

#include "common/domain/message.h"

#define FRAME_VERSION 1
#define FRAME_SOURCE_SIZE 16
#define FRAME_HEAD_MAX_BYTES 40        //  what stands before the messages
#define FRAME_MESSAGES_BYTES 262144    //  a gateway seals a frame before its messages exceed this
#define FRAME_MAX_BYTES (1024 * 1024)  //  a processor refuses what is larger

//  Messages as they stand in a frame, one after another. Zeroed memory is an empty one.
typedef struct {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    uint32_t count;
} packed_messages_t;

//  Pack a message behind those that are there.
void packed_messages_add (packed_messages_t *self, const message_t *message);

//  Put all messages of another one behind those that are there.
void packed_messages_append (packed_messages_t *self, const packed_messages_t *other);

//  Forget the messages; the memory is kept for the next ones.
void packed_messages_clear (packed_messages_t *self);

//  Free the memory.
void packed_messages_free (packed_messages_t *self);

typedef struct {
    uint8_t source[FRAME_SOURCE_SIZE];  //  who made it: one journal of one gateway
    uint64_t sequence;                  //  counted by the source
    uint32_t partition;
} frame_head_t;

//  Write a frame of these messages into bytes, which has room for FRAME_HEAD_MAX_BYTES and the
//  messages' size. Returns the size of the frame.
size_t frame_write (const frame_head_t *head, const packed_messages_t *messages, uint8_t *bytes);

//  A frame that was read. The messages' array belongs to the frame and is used again for the next
//  one; their texts point into the bytes. Zeroed memory is an unused one.
typedef struct {
    frame_head_t head;
    message_t *messages;
    uint32_t count;
    uint32_t capacity;
} frame_t;

//  Read a frame and hold every message in it against the rules. Returns NULL, or a sentence that
//  says what is wrong; a frame is good as a whole or not at all.
const char *frame_read (frame_t *self, const void *bytes, size_t size)
    __attribute__ ((warn_unused_result));

//  Digest the bytes of a frame: two frames with one name and other contents have other digests.
uint64_t frame_digest (const void *bytes, size_t size);

//  Free the memory.
void frame_free (frame_t *self);

#endif
