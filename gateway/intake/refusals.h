//  The refused messages of one request. The object counts all of them, and keeps their first
//  REFUSALS_TOLD_MAX faults for the answer, so its memory is bounded. References are counted.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_REFUSALS_H
#define DOWNLINK_REFUSALS_H

#include "common/bytes/json_writer.h"
#include "http/http_request.h"

#define REFUSALS_TOLD_MAX 10000  //  faults of one request

//  NULL stands for no refusals.
typedef struct refusals refusals_t;

refusals_t *refusals_ref (refusals_t *self);

//  Drop a reference, or nothing if it is NULL.
void refusals_unref (refusals_t **self_p);

//  Add a fault; the first fault makes the object. index is the place of the message in the request,
//  from 0. All faults of one message have the same index, and come one after the other. pointer is
//  a JSON pointer into the message, or the name of a header field; detail names the rule that the
//  message breaks. Both are copied.
void refusals_add (refusals_t **self_p, size_t index, const char *pointer, const char *detail);

//  Return the number of refused messages.
size_t refusals_count (const refusals_t *self);

//  Return true if more than REFUSALS_TOLD_MAX messages are refused: then reading on only costs
//  time.
bool refusals_are_many (const refusals_t *self);

//  Write the faults as a JSON array.
void refusals_write (const refusals_t *self, json_writer_t *json);

//  Answer 400 with the refusals. good is the number of good messages in the same request, none of
//  which was accepted.
void refusals_answer (const refusals_t *self, http_request_t *request, size_t good);

//  Answer 400 with the refusals of a request that was not read to its end, because
//  refusals_are_many.
void refusals_answer_many (const refusals_t *self, http_request_t *request);

#endif
