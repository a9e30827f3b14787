//  POST /messages: read the messages, offer all of them or none, answer 202.
//
//  A request for which there is no room waits, in the order of arrival, for up to --wait; only then
//  503 is said. What waits is the body: it is read again when there may be room, so that waiting
//  costs no memory beside the body's, which is bounded.
//  SPDX-License-Identifier: Apache-2.0
#include <strings.h>

#include "common/clock.h"
#include "gateway/problem.h"
#include "gateway/routes.h"

typedef enum { TRY_ANSWERED, TRY_NO_ROOM } try_t;

//  What comes of reading a body.
typedef struct {
    batch_t *batch;
    GArray *refusals;  //  of refusal_t
} reading_t;

static void
s_free_refusal (void *data)
{
    refusal_t *refusal = data;
    g_free (refusal->pointer);
    g_free (refusal->detail);
}

static void
s_accept (void *context, size_t index, const message_t *message)
{
    (void) index;
    batch_add (((reading_t *) context)->batch, message);
}

static void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    GArray *refusals = ((reading_t *) context)->refusals;
    refusal_t refusal = {index, NULL, NULL};
    //  Those that will not be told are only counted.
    if (refusals->len < PROBLEM_REFUSALS_MAX) {
        refusal.pointer = g_strdup (pointer);
        refusal.detail = g_strdup (detail);
    }
    g_array_append_val (refusals, refusal);
}

//  Is this media type, up to its parameters, the named one?
static bool
s_is_type (text_t type, const char *name)
{
    return type.size == strlen (name) && strncasecmp (type.data, name, type.size) == 0;
}

static bool
s_begins (text_t type, const char *prefix)
{
    size_t size = strlen (prefix);
    return type.size >= size && strncasecmp (type.data, prefix, size) == 0;
}

//  The form that a Content-Type asks for. False for a type that is none of ours.
static bool
s_form (const char *field, message_json_form_t *form)
{
    *form = MESSAGE_JSON_DOCUMENT;
    if (!field || !*field)
        return true;
    size_t size = strcspn (field, ";");
    while (size > 0 && (field[size - 1] == ' ' || field[size - 1] == '\t'))
        size--;
    text_t type = text_of (field, size);
    if (s_is_type (type, "application/x-ndjson") || s_is_type (type, "application/ndjson") ||
        s_is_type (type, "application/jsonl")) {
        *form = MESSAGE_JSON_LINES;
        return true;
    }
    bool is_json = s_is_type (type, "application/json") ||
                   (s_begins (type, "application/") && type.size > 5 &&
                       strncasecmp (type.data + type.size - 5, "+json", 5) == 0);
    return is_json || s_begins (type, "text/") ||
           s_is_type (type, "application/x-www-form-urlencoded") ||
           s_is_type (type, "multipart/form-data");
}

//  Does Prefer (RFC 7240) hold handling=lenient?
static bool
s_is_lenient (const char *prefer)
{
    bool lenient = false;
    char **preferences = g_strsplit (prefer ? prefer : "", ",", -1);
    for (char **preference = preferences; *preference; preference++) {
        g_strdelimit (*preference, "\"", ' ');
        char **halves = g_strsplit (*preference, "=", 2);
        if (halves[0] && halves[1] && g_ascii_strcasecmp (g_strstrip (halves[0]), "handling") == 0)
            lenient = g_ascii_strcasecmp (g_strstrip (halves[1]), "lenient") == 0;
        g_strfreev (halves);
    }
    g_strfreev (preferences);
    return lenient;
}

static void
s_answer_accepted (worker_t *worker, http_request_t *request, size_t accepted,
    const GArray *refusals, bool is_lenient)
{
    json_writer_t *json = worker->json;
    json_writer_reset (json);
    json_begin_object (json);
    json_key (json, "status");
    json_string (json, "accepted");
    json_key (json, "accepted");
    json_uint (json, accepted);
    if (is_lenient) {
        json_key (json, "refused");
        problem_write_refusals (
            json, (const refusal_t *) (gconstpointer) refusals->data, refusals->len);
    }
    json_end_object (json);
    http_response_t response = {
        .status = 202, .content_type = "application/json", .body = json_writer_text (json)};
    if (is_lenient) {
        response.fields[0].name = "Preference-Applied";
        response.fields[0].value = "handling=lenient";
    }
    http_answer (request, &response);
}

static void
s_answer_refused (http_request_t *request, const GArray *refusals, size_t accepted)
{
    char detail[128];
    g_snprintf (detail, sizeof detail, "%u of %zu messages are refused, so none was accepted",
        refusals->len, refusals->len + accepted);
    problem_answer (request, &(problem_t){.status = 400,
                                 .name = "message-refused",
                                 .detail = detail,
                                 .refusals = (const refusal_t *) (gconstpointer) refusals->data,
                                 .refusals_count = refusals->len});
}

//  Offer what was read. Without P there is no room for anything.
static try_t
s_offer (worker_t *worker, http_request_t *request, const GArray *refusals, bool is_lenient)
{
    uint64_t turn = 0;
    size_t count = batch_count (worker->batch);
    bool is_known = worker->publisher->partitions (worker->publisher) > 0;
    offer_t offer =
        is_known ? worker->publisher->offer (worker->publisher, worker->batch, &turn) : OFFER_FULL;
    if (offer == OFFER_FULL && is_known && worker->config.overflow == OVERFLOW_DROP) {
        worker->dropped += count;
        offer = OFFER_TAKEN;
    }
    switch (offer) {
    case OFFER_TAKEN:
        s_answer_accepted (worker, request, count, refusals, is_lenient);
        return TRY_ANSWERED;
    case OFFER_TOO_LARGE:
        answer_problem (request, 413, "batch-too-large",
            "the request holds more messages than the whole buffer does (--buffer)");
        return TRY_ANSWERED;
    case OFFER_FULL:
        break;
    }
    return TRY_NO_ROOM;
}

static try_t
s_try (worker_t *worker, http_request_t *request)
{
    message_json_form_t form;
    if (!s_form (http_request_field (request, "Content-Type"), &form)) {
        answer_problem (request, 415, "unsupported-media-type",
            "Content-Type must be application/json or application/x-ndjson");
        return TRY_ANSWERED;
    }
    if (http_request_field (request, "Content-Encoding")) {
        answer_problem (
            request, 415, "unsupported-encoding", "a body with a Content-Encoding is not taken");
        return TRY_ANSWERED;
    }
    bool is_lenient = s_is_lenient (http_request_field (request, "Prefer"));
    uint32_t partitions = worker->publisher->partitions (worker->publisher);
    batch_reset (worker->batch, MAX (partitions, 1));
    reading_t reading = {worker->batch, g_array_new (FALSE, TRUE, sizeof (refusal_t))};
    g_array_set_clear_func (reading.refusals, s_free_refusal);
    text_t body = http_request_body (request);
    const char *detail = NULL;
    try_t result = TRY_ANSWERED;
    if (message_json_read (worker->reader, body.data, body.size, form, s_accept, s_refuse, &reading,
            &detail) == MESSAGE_JSON_BROKEN)
        answer_problem (request, 400, "bad-body", detail);
    else if (reading.refusals->len && !is_lenient)
        s_answer_refused (request, reading.refusals, batch_count (worker->batch));
    else
        result = s_offer (worker, request, reading.refusals, is_lenient);
    g_array_unref (reading.refusals);
    return result;
}

static void
s_expired (void *context, http_request_t *request)
{
    worker_t *worker = context;
    g_queue_remove (worker->waiting, request);
    bool is_known = worker->publisher->partitions (worker->publisher) > 0;
    answer_problem (request, 503, is_known ? "buffer-full" : "no-processor",
        is_known ? "the buffer is full: nothing of this request was accepted"
                 : "no processor has announced itself yet: nothing of this request was accepted");
}

void
handle_post_messages (worker_t *worker, http_request_t *request)
{
    //  Whoever came first is served first.
    if (g_queue_is_empty (worker->waiting) && s_try (worker, request) == TRY_ANSWERED)
        return;
    g_queue_push_tail (worker->waiting, request);
    http_hold (request, clock_ms () + (int64_t) worker->config.wait_ms, s_expired, worker);
}

void
post_messages_retry (worker_t *worker)
{
    while (!g_queue_is_empty (worker->waiting)) {
        if (s_try (worker, g_queue_peek_head (worker->waiting)) == TRY_NO_ROOM)
            return;
        g_queue_pop_head (worker->waiting);
    }
}
