//  Handle POST /messages with a large body of lines (NDJSON). An upload reads and stages the body
//  piece by piece as it arrives, so memory is bounded for any --max-body. Yet it accepts the body
//  as a whole or not at all.
//
//  The answer is the same as for the same body in one piece. So a fault outside the body (no room,
//  no disk) stops the staging but not the reading: a bad line further on decides the answer. The
//  worker's thread owns the uploads.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UPLOADS_H
#define DOWNLINK_UPLOADS_H

#include "gateway/intake/acceptance.h"
#include "gateway/intake/intake_tools.h"
#include "gateway/intake/posts.h"

typedef struct uploads uploads_t;

//  Make the uploads. The arguments are borrowed. An upload that holds no room yet waits behind the
//  waiting posts.
uploads_t *uploads_new (
    const intake_tools_t *tools, acceptance_t *acceptance, const posts_t *posts);

//  Destroy the uploads. No request may be held.
void uploads_destroy (uploads_t **self_p);

//  Take the next piece of a body, as http_piece_fn does.
bool uploads_piece (uploads_t *self, http_request_t *request, text_t lines);

//  Return true if the server has passed pieces of a request: then uploads_end ends it.
bool uploads_is_under_way (const http_request_t *request);

//  Read the rest of the body of a complete request, then answer it or hold it.
void uploads_end (http_request_t *request);

//  Go on with the waiting uploads, as there may be room or time now. Call this once in each turn.
void uploads_retry (uploads_t *uploads);

//  Return true if an upload waits for the next turn.
bool uploads_are_due (const uploads_t *self);

//  Return the number of uploads that wait: for room, for the disk or for a turn.
size_t uploads_waiting (const uploads_t *self);

#endif
