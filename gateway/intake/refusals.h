//  The messages of one request that were refused: the first of them by name, all of them as a number,
//  so that what is remembered is bounded however many they are. Shared by counting references.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_REFUSALS_H
#define DOWNLINK_REFUSALS_H

#include "http/problem.h"

//  NULL: there are none.
typedef struct refusals refusals_t;

refusals_t *refusals_ref (refusals_t *self);

//  Nothing is no harm.
void refusals_unref (refusals_t **self_p);

//  Another one, or the first; pointer and detail are copied, if it is among those that will be told.
void refusals_add (refusals_t **self_p, size_t index, const char *pointer, const char *detail);

//  How many there are.
size_t refusals_count (const refusals_t *self);

//  Those that are told, PROBLEM_REFUSALS_MAX at the most; *count says how many.
const refusal_t *refusals_told (const refusals_t *self, size_t *count);

//  Answer 400 with them: nothing was accepted of a request that had so many good messages beside.
void refusals_answer (const refusals_t *self, http_request_t *request, size_t good);

#endif
