//  The reading of one body: a POST becomes messages and refusals. One object reads many bodies, one
//  after the other. A long body takes several steps, so that it does not hold up the loop; a body
//  of 64 KiB or less takes one.
//
//  The worker's thread owns the object.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_READING_H
#define DOWNLINK_READING_H

#include "gateway/delivery/batch.h"
#include "gateway/intake/intake_tools.h"
#include "gateway/intake/prefer.h"
#include "gateway/intake/refusals.h"

typedef struct reading reading_t;

typedef enum {
    READING_DONE,      //  the body is read: the functions below return the outcome
    READING_PAUSED,    //  the time is up: reading_step goes on
    READING_ANSWERED,  //  the body cannot be read, and the request has been answered
} reading_result_t;

//  Make an object. The tools are borrowed.
reading_t *reading_new (const intake_tools_t *tools);

void reading_destroy (reading_t **self_p);

//  Return true if the body of a request may take long to read.
bool reading_is_long (const http_request_t *request);

//  Begin to read the body of a request, or go on after a pause. Pause when clock_us () reaches
//  until_us, but make some progress. After a pause the request must stay as it is until the next
//  step, or until reading_drop.
reading_result_t reading_step (reading_t *self, http_request_t *request, int64_t until_us)
    __attribute__ ((warn_unused_result));

//  Return the request whose reading is paused; NULL: none.
const http_request_t *reading_paused (const reading_t *self);

//  The outcome of a reading that is done, borrowed until the next step or reading_drop: the good
//  messages, the bad ones (NULL: none), the fields of the head, and the verdict on the rockets.
batch_t *reading_batch (const reading_t *self);
refusals_t *reading_refusals (const reading_t *self);
prefer_t reading_prefer (const reading_t *self);
newcomers_verdict_t reading_newcomers (const reading_t *self);

//  Return newcomers_replies at the begin of the reading. Replies since then may change the verdict.
uint64_t reading_replies (const reading_t *self);

//  Forget the request and the outcome, and free the memory of a large body.
void reading_drop (reading_t *self);

#endif
