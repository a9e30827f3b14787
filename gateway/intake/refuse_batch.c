//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/refuse_batch.h"

#include "http/answers.h"

void
refuse_batch_too_large (http_request_t *request)
{
    answer_problem (request, 413, "batch-too-large",
        "the request holds more than the whole buffer does (--buffer, --journal-limit)");
}

void
refuse_batch_no_room (http_request_t *request, bool is_processor_known)
{
    answer_problem (request, 503, is_processor_known ? "buffer-full" : "no-processor",
        is_processor_known
            ? "the buffer is full: nothing of this request was accepted"
            : "no processor has announced itself yet: nothing of this request was accepted");
}

void
refuse_batch_of_newcomers (http_request_t *request)
{
    answer_problem (request, 503, "rockets-full",
        "a rocket of this request does not exist yet, and its processor holds as many as it may "
        "(--rockets): nothing of this request was accepted");
}

void
refuse_batch_unknown (http_request_t *request)
{
    answer_problem (request, 503, "no-owner",
        "the processor of a rocket does not say whether it exists: nothing of this request was "
        "accepted");
}

void
refuse_batch_unread (http_request_t *request)
{
    answer_problem (request, 503, "busy",
        "too many long bodies came at once: nothing of this request was accepted; send it again");
}

void
refuse_batch_not_kept (http_request_t *request, publisher_t *publisher)
{
    bool is_disk_full = publisher->is_disk_full (publisher);
    answer_problem (request, 503, is_disk_full ? "disk-full" : "journal-failed",
        is_disk_full
            ? "the disk of the gateway's journal is full: nothing of this request was accepted"
            : "the journal cannot be written: nothing of this request was accepted");
}
