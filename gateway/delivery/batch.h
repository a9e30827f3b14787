//  The messages of one request, grouped by partition, before a publisher takes them. One object
//  serves many requests, one after the other.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_BATCH_H
#define DOWNLINK_BATCH_H

#include "common/bytes/frame.h"
#include "common/domain/partition.h"

//  Messages of one partition, at most FRAME_MESSAGES_BYTES.
typedef struct {
    uint32_t partition;
    packed_messages_t messages;
} chunk_t;

typedef struct batch batch_t;

batch_t *batch_new (void);

void batch_destroy (batch_t **self_p);

//  Remove all messages. The layout is for the next messages; if it is not known, they are of
//  partition 0.
void batch_reset (batch_t *self, layout_t layout);

void batch_add (batch_t *self, const message_t *message);

//  Return the layout of the messages.
layout_t batch_layout (const batch_t *self);

//  Return the number of messages.
size_t batch_count (const batch_t *self);

//  Return the chunks and set *count. A partition may have several, in order. Borrowed until the
//  next change. A caller takes a chunk's messages by zeroing them.
chunk_t *batch_chunks (const batch_t *self, size_t *count);

#endif
