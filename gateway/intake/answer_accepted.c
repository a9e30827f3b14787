//  Fates are decided in the order in which receipts were given out, so those that wait for theirs
//  stand in a queue. Those that wait to be applied do not: any of them may be next.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/answer_accepted.h"

#include "common/bytes/json_put.h"
#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "gateway/routes.h"

#define PLAIN_SIZE 128

static void
s_free_state (void *data)
{
    accepted_t *accepted = data;
    receipt_unref (&accepted->receipt);
    refusals_unref (&accepted->refusals);
    g_free (accepted);
}

//  The answer of nearly everybody. text has room for PLAIN_SIZE.
static text_t
s_write_plain (char *text, const char *status, size_t accepted)
{
    char *end = json_put_raw (text, text_from ("{\"status\":"));
    end = json_put_string (end, text_from (status));
    end = json_put_raw (end, text_from (",\"accepted\":"));
    end = json_put_uint (end, accepted);
    end = json_put_raw (end, text_from ("}"));
    return text_of (text, (size_t) (end - text));
}

//  With what was refused; good until the next one.
static text_t
s_write_lenient (json_writer_t *json, const char *status, const accepted_t *accepted)
{
    size_t told = 0;
    const refusal_t *refusals = refusals_told (accepted->refusals, &told);
    json_writer_reset (json);
    json_begin_object (json);
    json_key (json, "status");
    json_string (json, status);
    json_key (json, "accepted");
    json_uint (json, accepted->accepted);
    json_key (json, "refused");
    problem_write_refusals (json, refusals, told);
    json_end_object (json);
    return json_writer_text (json);
}

static void
s_answer (worker_t *worker, http_request_t *request, const accepted_t *accepted, bool is_applied)
{
    char applied[PREFER_APPLIED_SIZE];
    char plain[PLAIN_SIZE];
    const char *status = is_applied ? "applied" : "accepted";
    http_response_t response = {.status = is_applied ? 200 : 202,
        .content_type = "application/json",
        .body = accepted->prefer.is_lenient ? s_write_lenient (worker->json, status, accepted)
                                            : s_write_plain (plain, status, accepted->accepted)};
    if (prefer_write_applied (&accepted->prefer, applied)) {
        response.fields[0].name = "Preference-Applied";
        response.fields[0].value = applied;
    }
    //  What was dropped has no receipt.
    if (accepted->receipt)
        counter_add (&worker->metrics->accepted, accepted->accepted);
    if (accepted->refusals)
        counter_add (&worker->metrics->refused, refusals_count (accepted->refusals));
    FAILPOINT ("answer-before");
    http_answer (request, &response);
}

void
answer_batch_too_large (http_request_t *request)
{
    answer_problem (request, 413, "batch-too-large",
        "the request holds more than the whole buffer does (--buffer, --journal-limit)");
}

void
answer_no_room (http_request_t *request, bool is_processor_known)
{
    answer_problem (request, 503, is_processor_known ? "buffer-full" : "no-processor",
        is_processor_known
            ? "the buffer is full: nothing of this request was accepted"
            : "no processor has announced itself yet: nothing of this request was accepted");
}

void
answer_not_kept (worker_t *worker, http_request_t *request)
{
    bool is_disk_full = worker->publisher->is_disk_full (worker->publisher);
    answer_problem (request, 503, is_disk_full ? "disk-full" : "journal-failed",
        is_disk_full
            ? "the disk of the gateway's journal is full: nothing of this request was accepted"
            : "the journal cannot be written: nothing of this request was accepted");
}

static void
s_unlink (GQueue *queue, http_request_t *request)
{
    g_queue_unlink (queue, &((accepted_t *) http_request_state (request))->link);
}

//  The time that the client wants to wait is over.
static void
s_waited (void *context, http_request_t *request)
{
    worker_t *worker = context;
    s_unlink (worker->applying, request);
    s_answer (worker, request, http_request_state (request), false);
}

//  Only at the end of a stop: the journal has not come back for seconds.
static void
s_given_up (void *context, http_request_t *request)
{
    worker_t *worker = context;
    s_unlink (worker->accepted, request);
    answer_problem (request, 500, "not-known",
        "the disk does not answer: whether this request was accepted is not known");
}

//  The messages are kept.
static void
s_kept (worker_t *worker, http_request_t *request, accepted_t *accepted)
{
    bool is_applied = receipt_fate (accepted->receipt) == FATE_APPLIED;
    if (accepted->prefer.has_wait && accepted->prefer.wait_s > 0 && !is_applied) {
        g_queue_push_tail_link (worker->applying, &accepted->link);
        http_hold (
            request, clock_ms () + (int64_t) accepted->prefer.wait_s * 1000, s_waited, worker);
    }
    else
        s_answer (worker, request, accepted, accepted->prefer.has_wait && is_applied);
}

void
answer_accepted (worker_t *worker, http_request_t *request, const accepted_t *accepted)
{
    fate_t fate = accepted->receipt ? receipt_fate (accepted->receipt) : FATE_KEPT;
    if (fate == FATE_KEPT && !(accepted->receipt && accepted->prefer.has_wait)) {
        receipt_t *receipt = accepted->receipt;
        s_answer (worker, request, accepted, false);
        receipt_unref (&receipt);
        return;
    }
    accepted_t *state = g_memdup2 (accepted, sizeof *accepted);
    state->link.data = request;
    if (state->refusals)
        refusals_ref (state->refusals);
    http_request_set_state (request, state, s_free_state);
    g_queue_push_tail_link (worker->accepted, &state->link);
    http_hold (request, INT64_MAX, s_given_up, worker);
}

//  Answer those whose messages are applied.
static size_t
s_run_applying (worker_t *worker)
{
    size_t answered = 0;
    GList *link = worker->applying->head;
    while (link) {
        http_request_t *request = link->data;
        GList *next = link->next;
        const accepted_t *accepted = http_request_state (request);
        if (receipt_fate (accepted->receipt) == FATE_APPLIED) {
            g_queue_unlink (worker->applying, link);
            s_answer (worker, request, accepted, true);
            answered++;
        }
        link = next;
    }
    return answered;
}

size_t
answer_accepted_run (worker_t *worker)
{
    size_t answered = s_run_applying (worker);
    while (!g_queue_is_empty (worker->accepted)) {
        http_request_t *request = g_queue_peek_head (worker->accepted);
        accepted_t *accepted = http_request_state (request);
        fate_t fate = receipt_fate (accepted->receipt);
        if (fate == FATE_PENDING)
            break;
        g_queue_pop_head_link (worker->accepted);
        if (fate == FATE_REFUSED)
            answer_not_kept (worker, request);
        else
            s_kept (worker, request, accepted);
        answered++;
    }
    return answered;
}

void
answer_accepted_wait_no_more (worker_t *worker)
{
    http_request_t *request;
    while ((request = g_queue_peek_head (worker->applying)))
        s_waited (worker, request);
}
