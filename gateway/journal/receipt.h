//  The outcome of the messages that one turn of the loop took in. All requests of the turn and all
//  of its frames share a receipt. One thread owns receipts.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RECEIPT_H
#define DOWNLINK_RECEIPT_H

#include <stdbool.h>

typedef struct receipt receipt_t;

typedef enum {
    RECEIPT_PENDING,  //  not known yet: no request can be answered
    RECEIPT_REFUSED,  //  not kept, and never sent
    RECEIPT_KEPT,     //  kept as the journal promises, or carried: accepted
    RECEIPT_APPLIED,  //  kept, and every frame is saved
} receipt_outcome_t;

//  Return a pending receipt for an open turn, with one reference. awaits_carrying: there is no
//  journal, so the messages count as kept when every frame is carried.
receipt_t *receipt_new (bool awaits_carrying);

receipt_t *receipt_ref (receipt_t *self);

void receipt_unref (receipt_t **self_p);

receipt_outcome_t receipt_outcome (const receipt_t *self);

//  Set the outcome: RECEIPT_KEPT or RECEIPT_REFUSED.
void receipt_decide (receipt_t *self, receipt_outcome_t outcome);

//  End the turn: no more frames will be added.
void receipt_close (receipt_t *self);

//  Count a frame of the turn that was made, is carried, or is saved; or remove a frame that was
//  saved or dropped without having been carried.
void receipt_add_frame (receipt_t *self);
void receipt_carry_frame (receipt_t *self);
void receipt_save_frame (receipt_t *self);
void receipt_remove_frame (receipt_t *self);

#endif
