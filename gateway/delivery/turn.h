//  Make frames from the messages of one turn of a worker's loop: one or a few for each partition,
//  for all requests together. The messages of a turn share a receipt. While one turn is open, the
//  frames of the turn before are committed.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TURN_H
#define DOWNLINK_TURN_H

#include "gateway/delivery/batch.h"
#include "gateway/journal/record.h"

typedef struct turn turn_t;

//  Make an empty object. is_journaled: messages are kept when they are on disk. Without it they are
//  kept at once, or, with awaits_carrying, when they are carried.
turn_t *turn_new (bool is_journaled, bool awaits_carrying);

void turn_destroy (turn_t **self_p);

//  Return the source of the frames, FRAME_SOURCE_SIZE bytes. Borrowed.
const uint8_t *turn_source (const turn_t *self);

//  Take all messages of a batch. Return the turn's receipt, which the caller unrefs.
receipt_t *turn_take (turn_t *self, batch_t *batch) __attribute__ ((warn_unused_result));

//  Make a frame of messages with the next sequence and the receipt. The caller owns it.
record_t *turn_make_record (turn_t *self, layout_t layout, const chunk_t *chunk, receipt_t *receipt)
    __attribute__ ((warn_unused_result));

//  Return true if the open turn has messages.
bool turn_has_taken (const turn_t *self);

//  Return the number of bytes of the open turn.
uint64_t turn_bytes (const turn_t *self);

//  Return the number of messages without an outcome, in the open turn and in the turn before.
uint64_t turn_pending (const turn_t *self);

//  End the open turn, which has messages, and begin the next one. Return the frames, of record_t *,
//  which the caller owns. The turn before must have its outcome.
GPtrArray *turn_end (turn_t *self) __attribute__ ((warn_unused_result));

//  Subtract the messages of a frame from the pending ones of the ended turn.
void turn_settle_frame (turn_t *self, const record_t *record);

//  Set the outcome of the ended turn, if there is one.
void turn_decide (turn_t *self, receipt_outcome_t outcome);

#endif
