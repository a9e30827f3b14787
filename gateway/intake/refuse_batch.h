//  Refuse whole requests whose messages are valid: too large, no room, not kept.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_REFUSE_BATCH_H
#define DOWNLINK_REFUSE_BATCH_H

#include "gateway/delivery/publisher.h"
#include "http/http_request.h"

//  Answer 413: the request is larger than all room there is.
void refuse_batch_too_large (http_request_t *request);

//  Answer 503: there was no room within --wait, because the buffer is full or no processor is
//  known.
void refuse_batch_no_room (http_request_t *request, bool is_processor_known);

//  Answer 503: a rocket does not exist yet, and its processor is full.
void refuse_batch_of_newcomers (http_request_t *request);

//  Answer 503: the owner of a rocket did not tell in time whether it exists.
void refuse_batch_unknown (http_request_t *request);

//  Answer 503: long bodies came faster than they could be read.
void refuse_batch_unread (http_request_t *request);

//  Answer 503: the journal could not keep the messages, as its disk is full or fails.
void refuse_batch_not_kept (http_request_t *request, publisher_t *publisher);

#endif
