//  POST /messages with a large body of lines (NDJSON): read and staged piece by piece as it comes in,
//  so that memory is bounded whatever --max-body is, and still accepted as a whole or not at all.
//
//  Its answer is the one that the same body would get in one piece. So a fault that is not the body's
//  (no room, no disk) stops the staging and not the reading: a bad line further on decides the answer,
//  as it does there. The worker's thread owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UPLOADS_H
#define DOWNLINK_UPLOADS_H

#include "gateway/intake/acceptance.h"
#include "gateway/intake/intake_tools.h"
#include "gateway/intake/posts.h"

typedef struct uploads uploads_t;

//  All are borrowed. An upload that holds no room yet waits behind the posts that wait.
uploads_t *uploads_new (
    const intake_tools_t *tools, acceptance_t *acceptance, const posts_t *posts);

//  No request may be held any more.
void uploads_destroy (uploads_t **self_p);

//  Read the next lines of a request's body, as http_piece_fn does.
bool uploads_piece (uploads_t *self, http_request_t *request, text_t lines);

//  Return true if pieces of a request were shown: then upload_end ends it.
bool upload_is_under_way (const http_request_t *request);

//  The request is complete: read the rest of its body, then answer it or hold it.
void upload_end (http_request_t *request);

//  Go on with the uploads that wait, as there may be room now.
void uploads_retry (uploads_t *uploads);

//  Return how many uploads wait for room.
size_t uploads_waiting (const uploads_t *self);

#endif
