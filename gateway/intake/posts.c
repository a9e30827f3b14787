//  Read the messages of a POST, and offer all of them or none.
//
//  A request for which there is no room waits for up to --wait, and then gets 503. Meanwhile the
//  gateway keeps only its body, which is bounded, and reads it again for each offer.
//
//  Reading a long body takes milliseconds, and an encoded body may decode to two hundred times its
//  size. So that many long bodies do not hold up the loop, each turn reads bodies for a bounded
//  time, and the others wait. Short bodies do not wait; the limit of all bodies together bounds
//  them.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/posts.h"

#include "common/process/clock.h"
#include "gateway/intake/content_type.h"
#include "gateway/intake/decoded_body.h"
#include "gateway/intake/event_head.h"
#include "gateway/intake/refuse_batch.h"
#include "http/answers.h"
#include "http/coding/http_coding.h"

#define RETRY_MS 50
#define ASK_MS 1000   //  the least wait for the owners of new rockets
#define READ_MS 1000  //  the least wait of a long body that is not read yet
#define READ_US_PER_TURN 20000
#define SHORT_BYTES 65536

struct posts {
    const intake_tools_t *tools;
    acceptance_t *acceptance;
    batch_t *batch;          //  messages of the current request
    GByteArray *decoded;     //  the body of the current request, if it was encoded
    GQueue unread;           //  of http_request_t *: their long bodies are read later
    GQueue waiting;          //  of http_request_t *: they wait for room, the oldest first
    GQueue asking;           //  of http_request_t *: they wait for the owners of new rockets
    guint told;              //  how many at the head of `asking` to try, as owners have replied
    int64_t spent_us;        //  on bodies in this turn
    uint64_t full_buffered;  //  messages that were buffered when the oldest request found no room;
    int64_t retry_at_ms;     //  offer it again at this time, or when fewer are buffered
};

typedef enum {
    TRY_ANSWERED,  //  answered, or held until its outcome is known
    TRY_NO_ROOM,   //  there is no room now
    TRY_ASKING,    //  the owners have not replied yet whether its rockets exist
} try_t;

//  The outcome of reading a body.
typedef struct {
    batch_t *batch;
    newcomers_t *newcomers;  //  NULL: every rocket has room
    message_json_t *reader;
    refusals_t *refusals;  //  NULL: none yet
} reading_t;

posts_t *
posts_new (const intake_tools_t *tools, acceptance_t *acceptance)
{
    posts_t *self = g_new0 (posts_t, 1);
    self->tools = tools;
    self->acceptance = acceptance;
    self->batch = batch_new ();
    self->decoded = g_byte_array_new ();
    return self;
}

void
posts_destroy (posts_t **self_p)
{
    posts_t *self = *self_p;
    if (!self)
        return;
    batch_destroy (&self->batch);
    g_byte_array_unref (self->decoded);
    g_free (self);
    *self_p = NULL;
}

size_t
posts_waiting (const posts_t *self)
{
    return self->waiting.length + self->asking.length;
}

static void
s_accept (void *context, size_t index, const message_t *message)
{
    (void) index;
    reading_t *reading = context;
    batch_add (reading->batch, message);
    if (reading->newcomers)
        newcomers_look (reading->newcomers, message->channel);
}

static void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    reading_t *reading = context;
    refusals_add (&reading->refusals, index, pointer, detail);
    if (refusals_are_many (reading->refusals))
        message_json_stop (reading->reader);
}

//  Return true if P is known: without P no message has a partition, so the gateway has no room.
static bool
s_is_known (const posts_t *self)
{
    return self->tools->publisher->layout (self->tools->publisher).partitions > 0;
}

//  Offer the messages of the batch.
static try_t
s_offer (posts_t *self, http_request_t *request, refusals_t *refusals, prefer_t prefer)
{
    publisher_t *publisher = self->tools->publisher;
    taken_t taken = {.count = batch_count (self->batch), .refusals = refusals, .prefer = prefer};
    bool is_known = s_is_known (self);
    offer_t offer = OFFER_FULL;
    if (is_known)
        offer = publisher->offer (publisher, self->batch, &taken.receipt);
    bool is_no_room = offer == OFFER_FULL || offer == OFFER_DISK_FULL;
    if (is_no_room && is_known && self->tools->overflow == OVERFLOW_DROP) {
        counter_add (&self->tools->metrics->dropped, taken.count);
        offer = OFFER_TAKEN;
    }
    switch (offer) {
    case OFFER_TAKEN:
        acceptance_add (self->acceptance, request, &taken);
        return TRY_ANSWERED;
    case OFFER_TOO_LARGE:
        refuse_batch_too_large (request);
        return TRY_ANSWERED;
    case OFFER_DISK_FULL:
        refuse_batch_not_kept (request, publisher);
        return TRY_ANSWERED;
    case OFFER_FULL:
        break;
    }
    return TRY_NO_ROOM;
}

//  Read the messages of a body, or the event of a head and a body.
static message_json_result_t
s_read (posts_t *self, http_request_t *request, text_t body, message_json_form_t form,
    reading_t *reading, const char **detail)
{
    bool is_binary =
        form != MESSAGE_JSON_EVENT && form != MESSAGE_JSON_EVENTS && event_head_is_there (request);
    if (!is_binary)
        return message_json_read (
            self->tools->reader, body.data, body.size, form, s_accept, s_refuse, reading, detail);
    event_head_t head;
    event_head_read (&head, request);
    message_json_result_t result = message_json_read_data (self->tools->reader, &head.event,
        body.data, body.size, s_accept, s_refuse, reading, detail);
    event_head_free (&head);
    return result;
}

//  Offer the messages of the batch, unless their rockets have no room.
static try_t
s_offer_known (posts_t *self, http_request_t *request, const reading_t *reading, prefer_t prefer)
{
    switch (reading->newcomers ? newcomers_verdict (reading->newcomers) : NEWCOMERS_NONE) {
    case NEWCOMERS_ASKED:
        return TRY_ASKING;
    case NEWCOMERS_REFUSED:
        refuse_batch_of_newcomers (request);
        return TRY_ANSWERED;
    case NEWCOMERS_NONE:
        break;
    }
    return s_offer (self, request, reading->refusals, prefer);
}

static reading_t
s_begin_reading (posts_t *self)
{
    newcomers_t *newcomers = self->tools->newcomers;
    reading_t reading = {.batch = self->batch, .reader = self->tools->reader};
    if (newcomers_are_limited (newcomers)) {
        newcomers_begin (newcomers);
        reading.newcomers = newcomers;
    }
    return reading;
}

static try_t
s_read_and_offer (posts_t *self, http_request_t *request)
{
    message_json_form_t form;
    if (!content_type_read (http_request_field (request, HTTP_FIELD_CONTENT_TYPE), &form)) {
        answer_problem (request, 415, "unsupported-media-type",
            "Content-Type must be application/json or application/x-ndjson, or that of CloudEvents "
            "in JSON");
        return TRY_ANSWERED;
    }
    text_t body;
    if (!decoded_body_take (request, self->tools->max_body_bytes, self->decoded, &body))
        return TRY_ANSWERED;
    prefer_t prefer = prefer_of (request);
    batch_reset (self->batch, self->tools->publisher->layout (self->tools->publisher));
    reading_t reading = s_begin_reading (self);
    const char *detail = NULL;
    try_t result = TRY_ANSWERED;
    if (s_read (self, request, body, form, &reading, &detail) == MESSAGE_JSON_BROKEN)
        answer_problem (request, 400, "bad-body", detail);
    else if (refusals_are_many (reading.refusals)) {
        counter_add (&self->tools->metrics->refused, refusals_count (reading.refusals));
        refusals_answer_many (reading.refusals, request);
    }
    else if (reading.refusals && !prefer.is_lenient) {
        counter_add (&self->tools->metrics->refused, refusals_count (reading.refusals));
        refusals_answer (reading.refusals, request, batch_count (self->batch));
    }
    else
        result = s_offer_known (self, request, &reading, prefer);
    refusals_unref (&reading.refusals);
    decoded_body_drop (&self->decoded);
    return result;
}

//  Read and offer a request, and count the time that this takes.
static try_t
s_try (posts_t *self, http_request_t *request)
{
    int64_t start_us = clock_us ();
    try_t result = s_read_and_offer (self, request);
    self->spent_us += clock_us () - start_us;
    return result;
}

static bool
s_has_time (const posts_t *self)
{
    return self->spent_us < READ_US_PER_TURN;
}

static void
s_expired (void *context, http_request_t *request)
{
    posts_t *self = context;
    g_queue_remove (&self->waiting, request);
    refuse_batch_no_room (request, s_is_known (self));
}

static void
s_not_known (void *context, http_request_t *request)
{
    posts_t *self = context;
    GList *link = g_queue_find (&self->asking, request);
    if (g_queue_link_index (&self->asking, link) < (gint) self->told)
        self->told--;
    g_queue_delete_link (&self->asking, link);
    refuse_batch_unknown (request);
}

static void
s_not_read (void *context, http_request_t *request)
{
    posts_t *self = context;
    g_queue_remove (&self->unread, request);
    refuse_batch_unread (request);
}

//  Hold a request that could not be answered.
static void
s_hold (posts_t *self, http_request_t *request, try_t reason)
{
    int64_t wait_ms = (int64_t) self->tools->wait_ms;
    if (reason == TRY_ASKING) {
        g_queue_push_tail (&self->asking, request);
        http_hold (request, clock_ms () + MAX (wait_ms, ASK_MS), s_not_known, self);
    }
    else {
        g_queue_push_tail (&self->waiting, request);
        http_hold (request, clock_ms () + wait_ms, s_expired, self);
    }
}

//  Answer or hold a request.
static void
s_begin (posts_t *self, http_request_t *request)
{
    //  First come, first served: a request never overtakes the ones that wait for room.
    try_t result = g_queue_is_empty (&self->waiting) ? s_try (self, request) : TRY_NO_ROOM;
    if (result != TRY_ANSWERED)
        s_hold (self, request, result);
}

//  Return true if the body may take long to read.
static bool
s_is_long (const http_request_t *request)
{
    return http_request_body (request).size > SHORT_BYTES ||
           http_coding_read (http_request_field (request, HTTP_FIELD_CONTENT_ENCODING)) !=
               CODING_IDENTITY;
}

void
posts_handle (posts_t *self, http_request_t *request)
{
    bool may_wait = !s_has_time (self) || self->unread.length > 0;
    if (!may_wait || !s_is_long (request)) {
        s_begin (self, request);
        return;
    }
    g_queue_push_tail (&self->unread, request);
    http_hold (
        request, clock_ms () + MAX ((int64_t) self->tools->wait_ms, READ_MS), s_not_read, self);
}

bool
posts_is_of_lines (const http_request_t *request)
{
    message_json_form_t form;
    return content_type_read (http_request_field (request, HTTP_FIELD_CONTENT_TYPE), &form) &&
           form == MESSAGE_JSON_LINES && !event_head_is_there (request) &&
           http_coding_read (http_request_field (request, HTTP_FIELD_CONTENT_ENCODING)) ==
               CODING_IDENTITY;
}

//  Return true if the oldest request should be offered again: when fewer messages are buffered, and
//  from time to time, since room also comes in other ways. Reading a large body takes milliseconds,
//  so do not try in every turn.
static bool
s_may_be_room (const posts_t *self)
{
    return self->tools->publisher->buffered (self->tools->publisher) < self->full_buffered ||
           clock_ms () >= self->retry_at_ms;
}

//  Try the requests again for whose rockets owners may have replied; at least one.
static void
s_retry_asking (posts_t *self)
{
    if (newcomers_have_news (self->tools->newcomers))
        self->told = self->asking.length;
    for (bool is_first = true; self->told > 0 && (is_first || s_has_time (self));
         is_first = false) {
        http_request_t *request = g_queue_pop_head (&self->asking);
        self->told--;
        try_t result = s_try (self, request);
        if (result == TRY_ASKING)
            g_queue_push_tail (&self->asking, request);  //  its deadline stays
        else if (result == TRY_NO_ROOM)
            s_hold (self, request, result);
    }
}

//  Read the long bodies that were put off; at least one.
static void
s_read_on (posts_t *self)
{
    for (bool is_first = true; self->unread.head && (is_first || s_has_time (self));
         is_first = false)
        s_begin (self, g_queue_pop_head (&self->unread));
}

void
posts_retry (posts_t *self)
{
    self->spent_us = 0;
    s_retry_asking (self);
    while (!g_queue_is_empty (&self->waiting) && s_has_time (self) && s_may_be_room (self)) {
        http_request_t *request = g_queue_peek_head (&self->waiting);
        try_t result = s_try (self, request);
        if (result == TRY_NO_ROOM) {
            self->full_buffered = self->tools->publisher->buffered (self->tools->publisher);
            self->retry_at_ms = clock_ms () + RETRY_MS;
            break;
        }
        g_queue_pop_head (&self->waiting);
        if (result == TRY_ASKING)
            s_hold (self, request, result);
        self->retry_at_ms = 0;
    }
    s_read_on (self);
}

bool
posts_are_due (const posts_t *self)
{
    return self->unread.length > 0 || self->told > 0 ||
           (self->waiting.length > 0 && self->retry_at_ms == 0);
}
