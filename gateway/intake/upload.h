//  POST /messages with a large body of lines (NDJSON): read and staged piece by piece as it comes in,
//  so that memory is bounded whatever --max-body is, and still accepted as a whole or not at all.
//
//  Its answer is the one that the same body would get in one piece. So a fault that is not the body's
//  (no room, no disk) stops the staging and not the reading: a line that is bad further on comes
//  first, as it does there.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UPLOAD_H
#define DOWNLINK_UPLOAD_H

#include "gateway/worker.h"

//  The next lines of a request's body; an http_piece_fn, with the worker as its context.
bool upload_piece (void *worker, http_request_t *request, text_t lines);

//  True if pieces of a request were shown: then it is upload_end's.
bool upload_is_under_way (const http_request_t *request);

//  The request is complete: read what is left of its body, and answer or hold it.
void upload_end (http_request_t *request);

//  Go on with the uploads that wait, as there may be room now.
void uploads_retry (worker_t *worker);

#endif
