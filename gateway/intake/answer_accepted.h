//  The requests whose messages were taken, until they are answered: 202 once the messages are kept,
//  200 once they are applied if the client waits for that, 503 if they could not be kept.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ANSWER_ACCEPTED_H
#define DOWNLINK_ANSWER_ACCEPTED_H

#include <glib.h>

#include "gateway/intake/prefer.h"
#include "gateway/intake/refusals.h"
#include "gateway/worker.h"

//  A request whose messages were taken.
typedef struct {
    receipt_t
        *receipt;  //  NULL: they were dropped (--overflow=drop), and there is nothing to wait for
    size_t accepted;
    refusals_t *refusals;  //  those that were not taken; NULL: none
    prefer_t prefer;
    GList link;  //  in the queue that the request waits in
} accepted_t;

//  Answer it now if that can be, else as soon as it can. The receipt is taken, the refusals are
//  shared.
void answer_accepted (worker_t *worker, http_request_t *request, const accepted_t *accepted);

//  Answer one that is larger than all room there is; one for which there was none in time, with no
//  processor known or for a full buffer; and one that could not be kept, as the disk is full or fails.
void answer_batch_too_large (http_request_t *request);
void answer_no_room (http_request_t *request, bool is_processor_known);
void answer_not_kept (worker_t *worker, http_request_t *request);

//  Answer those for which it is known by now. Returns how many they were.
size_t answer_accepted_run (worker_t *worker);

//  Answer 202 to those who wait for their messages to be applied: this gateway waits no more.
void answer_accepted_wait_no_more (worker_t *worker);

#endif
