//  Handle the requests whose body is read as a whole. A request without room waits, first come,
//  first served. The worker's thread owns the posts.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_POSTS_H
#define DOWNLINK_POSTS_H

#include "gateway/intake/acceptance.h"
#include "gateway/intake/intake_tools.h"

typedef struct posts posts_t;

//  Make the posts. Both arguments are borrowed.
posts_t *posts_new (const intake_tools_t *tools, acceptance_t *acceptance);

//  Destroy the posts. No request may wait.
void posts_destroy (posts_t **self_p);

//  Read a request's messages and offer them. Answer the request, or hold it: also if its body is
//  long and this turn has no time to read it to its end.
void posts_handle (posts_t *self, http_request_t *request);

//  Offer waiting requests again, and read long bodies that wait, for a bounded time. Call this once
//  in each turn.
void posts_retry (posts_t *self);

//  Return true if the next turn must come at once.
bool posts_are_due (const posts_t *self);

//  Return the number of requests that wait for room.
size_t posts_waiting (const posts_t *self);

//  Return true if this POST has a body of lines, which can be read in pieces.
bool posts_is_of_lines (const http_request_t *request);

#endif
