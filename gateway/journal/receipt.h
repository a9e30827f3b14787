//  What became of the messages that one turn of the loop took in. All requests of the turn share
//  the receipt, and so do the frames that were made of them. One thread owns receipts.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RECEIPT_H
#define DOWNLINK_RECEIPT_H

typedef struct receipt receipt_t;

typedef enum {
    FATE_PENDING,  //  not known yet: nothing can be answered
    FATE_REFUSED,  //  could not be kept, and will be sent nowhere
    FATE_KEPT,     //  as safe as the journal makes it: accepted
    FATE_APPLIED,  //  that, and every frame is acknowledged
} fate_t;

//  A pending receipt of a turn that is still open, with one reference.
receipt_t *receipt_new (void);

receipt_t *receipt_ref (receipt_t *self);

void receipt_unref (receipt_t **self_p);

fate_t receipt_fate (const receipt_t *self);

//  It is decided: KEPT or REFUSED.
void receipt_decide (receipt_t *self, fate_t fate);

//  The turn is over: no frame will be added.
void receipt_close (receipt_t *self);

//  A frame was made in this turn, or acknowledged.
void receipt_add_frame (receipt_t *self);
void receipt_remove_frame (receipt_t *self);

#endif
