//  Receipts get their outcome in the order of their creation, so a run looks only at the head of
//  `keeping`. Any request in `applying` may be next, so a run looks at all of them.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/acceptance.h"

#include "common/bytes/json_put.h"
#include "common/memory/queue.h"
#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "gateway/intake/refuse_batch.h"
#include "http/answers.h"

#define PLAIN_SIZE 128
#define CARRY_MS 8000  //  the least wait for a bus: another broker takes over in less

struct acceptance {
    const intake_tools_t *tools;
    GQueue keeping;   //  of held_request_t: requests that wait for the journal, the oldest first
    GQueue applying;  //  of held_request_t: requests that wait for their messages to be applied
};

//  The state of a held request.
typedef struct {
    acceptance_t *acceptance;
    http_request_t *request;
    taken_t taken;
    GList link;  //  in the queue that the request waits in
} held_request_t;

acceptance_t *
acceptance_new (const intake_tools_t *tools)
{
    acceptance_t *self = g_new0 (acceptance_t, 1);
    self->tools = tools;
    return self;
}

void
acceptance_destroy (acceptance_t **self_p)
{
    g_clear_pointer (self_p, g_free);
}

static void
s_free_held (void *data)
{
    held_request_t *held = data;
    receipt_unref (&held->taken.receipt);
    refusals_unref (&held->taken.refusals);
}

static const http_state_kind_t s_held = {"accepted messages", s_free_held};

//  Write the answer without refusals into text, which has room for PLAIN_SIZE.
static text_t
s_write_plain (char *text, const char *status, size_t accepted)
{
    char *end = json_put_raw (text, text_from ("{\"status\":"));
    end = json_put_string (end, text_from (status));
    end = json_put_raw (end, text_from (",\"accepted\":"));
    end = json_put_uint (end, accepted);
    end = json_put_raw (end, text_from ("}\n"));
    return text_of (text, (size_t) (end - text));
}

//  Write the answer that names refused messages too. The text is valid until the next one.
static text_t
s_write_lenient (json_writer_t *json, const char *status, const taken_t *taken)
{
    json_writer_reset (json);
    json_begin_object (json);
    json_key (json, "status");
    json_string (json, status);
    json_key (json, "accepted");
    json_uint (json, taken->count);
    json_key (json, "refused");
    refusals_write (taken->refusals, json);
    json_end_object (json);
    return json_writer_line (json);
}

static void
s_answer (acceptance_t *self, http_request_t *request, const taken_t *taken, bool is_applied)
{
    char applied[PREFER_APPLIED_SIZE];
    char plain[PLAIN_SIZE];
    const char *status = is_applied ? "applied" : "accepted";
    http_response_t response = {.status = is_applied ? 200 : 202,
        .content_type = "application/json",
        .body = taken->prefer.is_lenient ? s_write_lenient (self->tools->json, status, taken)
                                         : s_write_plain (plain, status, taken->count)};
    if (prefer_write_applied (&taken->prefer, applied)) {
        response.fields[0].name = "Preference-Applied";
        response.fields[0].value = applied;
    }
    //  Dropped messages have no receipt.
    if (taken->receipt)
        counter_add (&self->tools->metrics->accepted, taken->count);
    if (taken->refusals)
        counter_add (&self->tools->metrics->refused, refusals_count (taken->refusals));
    FAILPOINT ("answer-before");
    http_answer (request, &response);
}

//  Answer, because the client's waiting time is over or the client is gone.
static void
s_waited (void *context, http_request_t *request)
{
    held_request_t *held = context;
    queue_remove (&held->acceptance->applying, &held->link);
    s_answer (held->acceptance, request, &held->taken, false);
}

//  Answer a request whose outcome is unknown: the journal has not finished, at the end of a stop,
//  or the bus has not taken the messages in time, but may still do so.
static void
s_given_up (void *context, http_request_t *request)
{
    held_request_t *held = context;
    const publisher_t *publisher = held->acceptance->tools->publisher;
    queue_remove (&held->acceptance->keeping, &held->link);
    if (publisher->is_durable (publisher))
        answer_problem (request, 500, "not-known",
            "the disk does not answer: whether this request was accepted is not known");
    else
        answer_problem (request, 503, "bus-away",
            "the bus has not taken the messages in time: send them again, each counts once");
}

//  Return how long a request may wait until its messages are kept.
static int64_t
s_keep_until_ms (const intake_tools_t *tools)
{
    if (tools->publisher->is_durable (tools->publisher))
        return INT64_MAX;
    return clock_ms () + MAX ((int64_t) tools->wait_ms, CARRY_MS);
}

//  Answer a request whose messages are kept, or hold it until they are applied.
static void
s_kept (acceptance_t *self, held_request_t *held)
{
    const prefer_t *prefer = &held->taken.prefer;
    bool is_applied = receipt_outcome (held->taken.receipt) == RECEIPT_APPLIED;
    if (prefer->has_wait && prefer->wait_s > 0 && !is_applied) {
        queue_append (&self->applying, &held->link);
        http_hold (held->request, clock_ms () + (int64_t) prefer->wait_s * 1000, s_waited, held);
    }
    else
        s_answer (self, held->request, &held->taken, prefer->has_wait && is_applied);
}

void
acceptance_add (acceptance_t *self, http_request_t *request, const taken_t *taken)
{
    receipt_outcome_t outcome = taken->receipt ? receipt_outcome (taken->receipt) : RECEIPT_KEPT;
    if (outcome == RECEIPT_KEPT && !(taken->receipt && taken->prefer.has_wait)) {
        receipt_t *receipt = taken->receipt;
        s_answer (self, request, taken, false);
        receipt_unref (&receipt);
        return;
    }
    held_request_t *held = http_request_room (request, sizeof *held);
    *held = (held_request_t){
        .acceptance = self, .request = request, .taken = *taken, .link.data = held};
    if (taken->refusals)
        refusals_ref (taken->refusals);
    http_request_set_state (request, &s_held, held);
    queue_append (&self->keeping, &held->link);
    http_hold (request, s_keep_until_ms (self->tools), s_given_up, held);
}

//  Answer the requests whose messages are applied. Return how many were answered.
static size_t
s_run_applying (acceptance_t *self)
{
    size_t answered = 0;
    GList *link = self->applying.head;
    while (link) {
        held_request_t *held = link->data;
        link = link->next;
        if (receipt_outcome (held->taken.receipt) == RECEIPT_APPLIED) {
            queue_remove (&self->applying, &held->link);
            s_answer (self, held->request, &held->taken, true);
            answered++;
        }
    }
    return answered;
}

size_t
acceptance_run (acceptance_t *self)
{
    size_t answered = s_run_applying (self);
    while (!g_queue_is_empty (&self->keeping)) {
        held_request_t *held = g_queue_peek_head (&self->keeping);
        receipt_outcome_t outcome = receipt_outcome (held->taken.receipt);
        if (outcome == RECEIPT_PENDING)
            break;
        queue_remove (&self->keeping, &held->link);
        if (outcome == RECEIPT_REFUSED)
            refuse_batch_not_kept (held->request, self->tools->publisher);
        else
            s_kept (self, held);
        answered++;
    }
    return answered;
}

void
acceptance_wait_no_more (acceptance_t *self)
{
    held_request_t *held;
    while ((held = g_queue_peek_head (&self->applying)))
        s_waited (held, held->request);
}
