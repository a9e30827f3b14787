//  The refused messages of one request. Memory is bounded: the object counts all of them, and keeps
//  their first REFUSALS_TOLD_MAX faults for the answer. References are counted.
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

//  Add a fault, and make the object with the first one. index is the place of the message in the
//  request, from 0: faults with the same index are of one message, and come one after the other.
//  pointer is a JSON pointer into it, or the name of a header field; detail
//  names the rule that the message breaks. Both are copied.
void refusals_add (refusals_t **self_p, size_t index, const char *pointer, const char *detail);

//  Return the number of refused messages.
size_t refusals_count (const refusals_t *self);

//  Return true if so many messages are refused that reading the others only costs time: more than
//  REFUSALS_TOLD_MAX.
bool refusals_are_many (const refusals_t *self);

//  Write them as a JSON array.
void refusals_write (const refusals_t *self, json_writer_t *json);

//  Answer 400 and tell the refusals. good is the number of good messages in the same request, of
//  which none was accepted.
void refusals_answer (const refusals_t *self, http_request_t *request, size_t good);

//  Answer 400 and tell the refusals of a request that was not read further, as they are many.
void refusals_answer_many (const refusals_t *self, http_request_t *request);

#endif
