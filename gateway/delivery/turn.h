//  The messages that one turn of a worker's loop takes, put together into frames: one a partition,
//  or a few, however many requests there were. The messages of a turn share a receipt. The frames
//  of a turn that has ended are committed while the next one is open.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TURN_H
#define DOWNLINK_TURN_H

#include "gateway/delivery/batch.h"
#include "gateway/journal/record.h"

typedef struct turn turn_t;

//  is_journaled: what is taken is kept only when it is on disk; else it is kept at once.
turn_t *turn_new (bool is_journaled);

void turn_destroy (turn_t **self_p);

//  Return the name of this maker of frames, FRAME_SOURCE_SIZE bytes. Borrowed.
const uint8_t *turn_source (const turn_t *self);

//  Take all messages of a batch. Return the turn's receipt, the caller's to unref.
receipt_t *turn_take (turn_t *self, batch_t *batch) __attribute__ ((warn_unused_result));

//  Make a frame of messages under the next sequence; it belongs to the caller, and to the receipt.
record_t *turn_make_record (turn_t *self, uint32_t partition, const packed_messages_t *messages,
    receipt_t *receipt) __attribute__ ((warn_unused_result));

//  Return true if the open turn has taken something.
bool turn_has_taken (const turn_t *self);

//  Return the bytes that the open turn has taken.
uint64_t turn_bytes (const turn_t *self);

//  Return how many messages were taken whose outcome is not decided: in the open turn, and in the one
//  that has ended.
uint64_t turn_pending (const turn_t *self);

//  End the open turn, which has taken something, and begin another one; partitions: how many there
//  are. Return the frames, of record_t *, the caller's. The outcome of the turn before must be
//  decided.
GPtrArray *turn_end (turn_t *self, uint32_t partitions) __attribute__ ((warn_unused_result));

//  Count the messages of a frame of the turn that has ended as pending no more.
void turn_settle_frame (turn_t *self, const record_t *record);

//  Decide the outcome of the turn that has ended, if there is one.
void turn_decide (turn_t *self, receipt_outcome_t outcome);

#endif
