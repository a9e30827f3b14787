//  Hold the requests whose messages the publisher has taken, and answer them: 202 once the messages
//  are kept, 200 once they are applied if the client waits for that, 503 if they could not be kept.
//  The worker's thread owns the object.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ACCEPTANCE_H
#define DOWNLINK_ACCEPTANCE_H

#include <glib.h>

#include "gateway/intake/intake_tools.h"
#include "gateway/intake/prefer.h"
#include "gateway/intake/refusals.h"

typedef struct acceptance acceptance_t;

//  The messages of a request that were taken.
typedef struct {
    receipt_t *receipt;  //  NULL: the messages were dropped (--overflow=drop)
    size_t count;
    refusals_t *refusals;  //  the messages that were not taken; NULL: none
    prefer_t prefer;
} taken_t;

//  Make the object. The tools are borrowed.
acceptance_t *acceptance_new (const intake_tools_t *tools);

//  Destroy it. No request may wait.
void acceptance_destroy (acceptance_t **self_p);

//  Answer the request now, or hold it and answer it when its outcome is known. Take the receipt,
//  and add a reference to the refusals.
void acceptance_add (acceptance_t *self, http_request_t *request, const taken_t *taken);

//  Answer the requests whose outcome is known by now. Return how many were answered.
size_t acceptance_run (acceptance_t *self);

//  Answer 202 to every client that waits for its messages to be applied.
void acceptance_wait_no_more (acceptance_t *self);

#endif
