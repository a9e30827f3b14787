//  POST /messages: read the messages of a body, offer all or none of them to the publisher, and
//  answer.
//
//  The intake reads a small body as a whole (posts.h), and a large body of lines in pieces
//  (uploads.h). Either way it answers the request once its messages are kept (acceptance.h). A
//  worker owns its intake.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_INTAKE_H
#define DOWNLINK_INTAKE_H

#include "gateway/handler/handler.h"
#include "gateway/intake/intake_tools.h"

typedef struct intake intake_t;

//  Make an intake, which copies the tools, and takes max_body_bytes instead of theirs. The objects
//  behind them are borrowed.
intake_t *intake_new (const intake_tools_t *tools, size_t max_body_bytes);

void intake_destroy (intake_t **self_p);

//  Handle POST /messages.
void handle_post_messages (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

//  Return true if the server should pass the body of this POST in pieces. While a processor is full
//  of rockets, the intake reads bodies as a whole, because it asks for all their rockets before it
//  accepts any message.
bool intake_takes_pieces (const intake_t *self, const http_request_t *request);

//  Take the next piece of a body, as http_piece_fn does.
bool intake_piece (intake_t *self, http_request_t *request, text_t lines);

//  Offer waiting requests again, and read long bodies that wait for their turn.
void intake_retry (intake_t *self);

//  Return true if the next turn must come at once.
bool intake_is_due (const intake_t *self);

//  Answer the requests whose outcome is known by now. Return how many were answered.
size_t intake_answer (intake_t *self);

//  Answer 202 to every client that waits for its messages to be applied. Call it at a stop.
void intake_wait_no_more (intake_t *self);

//  Return the number of requests that wait for room.
size_t intake_waiting (const intake_t *self);

//  Return true if whole requests wait for room.
bool intake_is_full (const intake_t *self);

#endif
