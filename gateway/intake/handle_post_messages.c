//  POST /messages: read the messages, and offer all of them or none.
//
//  A request for which there is no room waits, in the order of arrival, for up to --wait; only then
//  503 is said. What waits is the body: it is read again when there may be room, so that waiting
//  costs no memory beside the body's, which is bounded. Large bodies of lines are upload.c's.
//  SPDX-License-Identifier: Apache-2.0
#include "common/process/clock.h"
#include "gateway/intake/answer_accepted.h"
#include "gateway/intake/content_type.h"
#include "gateway/intake/event_head.h"
#include "gateway/intake/upload.h"
#include "gateway/routes.h"

#define RETRY_MS 50

//  Answered, or held until it is known what to answer; or there is no room for it now.
typedef enum { TRY_ANSWERED, TRY_NO_ROOM } try_t;

//  What comes of reading a body.
typedef struct {
    batch_t *batch;
    refusals_t *refusals;  //  NULL: none yet
} reading_t;

static void
s_accept (void *context, size_t index, const message_t *message)
{
    (void) index;
    batch_add (((reading_t *) context)->batch, message);
}

static void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    refusals_add (&((reading_t *) context)->refusals, index, pointer, detail);
}

//  Offer what was read. Without P there is no room for anything.
static try_t
s_offer (worker_t *worker, http_request_t *request, refusals_t *refusals, prefer_t prefer)
{
    accepted_t accepted = {
        .accepted = batch_count (worker->batch), .refusals = refusals, .prefer = prefer};
    bool is_known = worker->publisher->partitions (worker->publisher) > 0;
    offer_t offer = OFFER_FULL;
    if (is_known)
        offer = worker->publisher->offer (worker->publisher, worker->batch, &accepted.receipt);
    bool is_no_room = offer == OFFER_FULL || offer == OFFER_DISK_FULL;
    if (is_no_room && is_known && worker->config.overflow == OVERFLOW_DROP) {
        counter_add (&worker->metrics->dropped, accepted.accepted);
        offer = OFFER_TAKEN;
    }
    switch (offer) {
    case OFFER_TAKEN:
        answer_accepted (worker, request, &accepted);
        return TRY_ANSWERED;
    case OFFER_TOO_LARGE:
        answer_batch_too_large (request);
        return TRY_ANSWERED;
    case OFFER_DISK_FULL:
        answer_not_kept (worker, request);
        return TRY_ANSWERED;
    case OFFER_FULL:
        break;
    }
    return TRY_NO_ROOM;
}

//  Read a body, or the one event of a head and a body.
static message_json_result_t
s_read (worker_t *worker, http_request_t *request, message_json_form_t form, reading_t *reading,
    const char **detail)
{
    text_t body = http_request_body (request);
    bool is_binary =
        form != MESSAGE_JSON_EVENT && form != MESSAGE_JSON_EVENTS && event_head_is_there (request);
    if (!is_binary)
        return message_json_read (
            worker->reader, body.data, body.size, form, s_accept, s_refuse, reading, detail);
    event_head_t head;
    event_head_read (&head, request);
    message_json_result_t result = message_json_read_data (
        worker->reader, &head.event, body.data, body.size, s_accept, s_refuse, reading, detail);
    event_head_free (&head);
    return result;
}

static try_t
s_try (worker_t *worker, http_request_t *request)
{
    message_json_form_t form;
    if (!content_type_read (http_request_field (request, "Content-Type"), &form)) {
        answer_problem (request, 415, "unsupported-media-type",
            "Content-Type must be application/json or application/x-ndjson, or that of CloudEvents "
            "in JSON");
        return TRY_ANSWERED;
    }
    if (http_request_field (request, "Content-Encoding")) {
        answer_problem (
            request, 415, "unsupported-encoding", "a body with a Content-Encoding is not taken");
        return TRY_ANSWERED;
    }
    prefer_t prefer = prefer_of (request);
    uint32_t partitions = worker->publisher->partitions (worker->publisher);
    batch_reset (worker->batch, MAX (partitions, 1));
    reading_t reading = {worker->batch, NULL};
    const char *detail = NULL;
    try_t result = TRY_ANSWERED;
    if (s_read (worker, request, form, &reading, &detail) == MESSAGE_JSON_BROKEN)
        answer_problem (request, 400, "bad-body", detail);
    else if (reading.refusals && !prefer.is_lenient) {
        counter_add (&worker->metrics->refused, refusals_count (reading.refusals));
        refusals_answer (reading.refusals, request, batch_count (worker->batch));
    }
    else
        result = s_offer (worker, request, reading.refusals, prefer);
    refusals_unref (&reading.refusals);
    return result;
}

static void
s_expired (void *context, http_request_t *request)
{
    worker_t *worker = context;
    g_queue_remove (worker->waiting, request);
    bool is_known = worker->publisher->partitions (worker->publisher) > 0;
    answer_no_room (request, is_known);
}

void
handle_post_messages (worker_t *worker, http_request_t *request)
{
    if (upload_is_under_way (request)) {
        upload_end (request);
        return;
    }
    //  Whoever came first is served first.
    if (g_queue_is_empty (worker->waiting) && s_try (worker, request) == TRY_ANSWERED)
        return;
    g_queue_push_tail (worker->waiting, request);
    http_hold (request, clock_ms () + (int64_t) worker->config.wait_ms, s_expired, worker);
}

bool
post_messages_come_in_pieces (http_request_t *request)
{
    message_json_form_t form;
    return content_type_read (http_request_field (request, "Content-Type"), &form) &&
           form == MESSAGE_JSON_LINES && !event_head_is_there (request) &&
           !http_request_field (request, "Content-Encoding");
}

//  To read a large body again takes milliseconds, and a turn comes with every question: so it is tried
//  when messages have gone, and else now and then, as there may be room again for other reasons.
static bool
s_may_be_room (const worker_t *worker)
{
    return worker->publisher->buffered (worker->publisher) < worker->full_buffered ||
           clock_ms () >= worker->retry_at_ms;
}

void
post_messages_retry (worker_t *worker)
{
    while (!g_queue_is_empty (worker->waiting) && s_may_be_room (worker)) {
        if (s_try (worker, g_queue_peek_head (worker->waiting)) == TRY_NO_ROOM) {
            worker->full_buffered = worker->publisher->buffered (worker->publisher);
            worker->retry_at_ms = clock_ms () + RETRY_MS;
            return;
        }
        g_queue_pop_head (worker->waiting);
        worker->retry_at_ms = 0;
    }
}
