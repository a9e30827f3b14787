//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/reading.h"

#include "common/bytes/message_json.h"
#include "common/process/clock.h"
#include "gateway/intake/content_type.h"
#include "gateway/intake/decoded_body.h"
#include "gateway/intake/event_head.h"
#include "http/answers.h"
#include "http/coding/http_coding.h"

#define SHORT_BYTES 65536
#define CLOCK_EVERY 32  //  elements between two looks at the clock

struct reading {
    const intake_tools_t *tools;
    message_json_t *reader;
    batch_t *batch;
    GByteArray *decoded;  //  the body, if it was encoded
    refusals_t *refusals;
    prefer_t prefer;
    newcomers_verdict_t newcomers;
    uint64_t replies;               //  of newcomers, at the begin
    bool is_limited;                //  look at the rockets, as a processor is full
    const http_request_t *request;  //  NULL: none is paused
    unsigned elements;              //  since the last look at the clock
    int64_t until_us;
};

reading_t *
reading_new (const intake_tools_t *tools)
{
    reading_t *self = g_new0 (reading_t, 1);
    self->tools = tools;
    self->reader = message_json_new (tools->max_body_bytes);
    self->batch = batch_new ();
    self->decoded = g_byte_array_new ();
    return self;
}

void
reading_destroy (reading_t **self_p)
{
    reading_t *self = *self_p;
    if (!self)
        return;
    refusals_unref (&self->refusals);
    g_byte_array_unref (self->decoded);
    batch_destroy (&self->batch);
    message_json_destroy (&self->reader);
    g_free (self);
    *self_p = NULL;
}

const http_request_t *
reading_paused (const reading_t *self)
{
    return self->request;
}

batch_t *
reading_batch (const reading_t *self)
{
    return self->batch;
}

refusals_t *
reading_refusals (const reading_t *self)
{
    return self->refusals;
}

prefer_t
reading_prefer (const reading_t *self)
{
    return self->prefer;
}

newcomers_verdict_t
reading_newcomers (const reading_t *self)
{
    return self->newcomers;
}

uint64_t
reading_replies (const reading_t *self)
{
    return self->replies;
}

void
reading_drop (reading_t *self)
{
    self->request = NULL;
    refusals_unref (&self->refusals);
    decoded_body_drop (&self->decoded);
}

bool
reading_is_long (const http_request_t *request)
{
    return http_request_body (request).size > SHORT_BYTES ||
           http_coding_read (http_request_field (request, HTTP_FIELD_CONTENT_ENCODING)) !=
               CODING_IDENTITY;
}

//  Pause if the time is up.
static void
s_look_at_clock (reading_t *self)
{
    if (++self->elements < CLOCK_EVERY)
        return;
    self->elements = 0;
    if (clock_us () >= self->until_us)
        message_json_pause (self->reader);
}

static void
s_accept (void *context, size_t index, const message_t *message)
{
    (void) index;
    reading_t *self = context;
    batch_add (self->batch, message);
    if (self->is_limited)
        self->newcomers =
            MAX (self->newcomers, newcomers_look (self->tools->newcomers, message->channel));
    s_look_at_clock (self);
}

static void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    reading_t *self = context;
    refusals_add (&self->refusals, index, pointer, detail);
    if (refusals_are_many (self->refusals))
        message_json_pause (self->reader);
    s_look_at_clock (self);
}

//  Read the messages of a body, or the event of a head and a body, until the time is up.
static message_json_result_t
s_read (reading_t *self, http_request_t *request, text_t body, message_json_form_t form,
    const char **detail)
{
    bool is_binary =
        form != MESSAGE_JSON_EVENT && form != MESSAGE_JSON_EVENTS && event_head_is_there (request);
    if (!is_binary)
        return message_json_read (
            self->reader, body.data, body.size, form, s_accept, s_refuse, self, detail);
    event_head_t head;
    event_head_read (&head, request);
    message_json_result_t result = message_json_read_data (
        self->reader, &head.event, body.data, body.size, s_accept, s_refuse, self, detail);
    event_head_free (&head);
    return result;
}

//  Prepare for the messages of a request.
static void
s_reset (reading_t *self, http_request_t *request)
{
    reading_drop (self);
    batch_reset (self->batch, self->tools->publisher->layout (self->tools->publisher));
    self->prefer = prefer_of (request);
    self->newcomers = NEWCOMERS_NONE;
    self->replies = newcomers_replies (self->tools->newcomers);
    self->is_limited = newcomers_are_limited (self->tools->newcomers);
}

//  Begin with a request. Return BROKEN if it has been answered.
static message_json_result_t
s_begin (reading_t *self, http_request_t *request)
{
    message_json_form_t form;
    text_t body;
    const char *detail = NULL;
    s_reset (self, request);
    if (!content_type_read (http_request_field (request, HTTP_FIELD_CONTENT_TYPE), &form)) {
        answer_problem (request, 415, "unsupported-media-type",
            "Content-Type must be application/json or application/x-ndjson, or that of CloudEvents "
            "in JSON");
        return MESSAGE_JSON_BROKEN;
    }
    if (!decoded_body_take (request, self->tools->max_body_bytes, self->decoded, &body))
        return MESSAGE_JSON_BROKEN;
    message_json_result_t result = s_read (self, request, body, form, &detail);
    if (result == MESSAGE_JSON_BROKEN)
        answer_problem (request, 400, "bad-body", detail);
    return result;
}

//  Answer a request if its refusals decide the answer. Return true if they do.
static bool
s_is_refused (const reading_t *self, http_request_t *request)
{
    counter_t *refused = &self->tools->metrics->refused;
    if (!self->refusals || (self->prefer.is_lenient && !refusals_are_many (self->refusals)))
        return false;
    counter_add (refused, refusals_count (self->refusals));
    if (refusals_are_many (self->refusals))
        refusals_answer_many (self->refusals, request);
    else
        refusals_answer (self->refusals, request, batch_count (self->batch));
    return true;
}

reading_result_t
reading_step (reading_t *self, http_request_t *request, int64_t until_us)
{
    self->until_us = until_us;
    message_json_result_t result = self->request == request
                                       ? message_json_go_on (self->reader, s_accept, s_refuse, self)
                                       : s_begin (self, request);
    bool is_paused = result == MESSAGE_JSON_PAUSED && !refusals_are_many (self->refusals);
    self->request = is_paused ? request : NULL;
    if (is_paused)
        return READING_PAUSED;
    if (result == MESSAGE_JSON_BROKEN || s_is_refused (self, request)) {
        reading_drop (self);
        return READING_ANSWERED;
    }
    return READING_DONE;
}
