//  Read the messages of a POST, and offer all of them or none.
//
//  A request for which there is no room waits for up to --wait, and then gets 503. Meanwhile the
//  gateway keeps only its body, which is bounded, and reads it again for each offer.
//
//  Reading a long body takes up to a tenth of a second, and an encoded body may decode to two
//  hundred times its size. So that long bodies do not hold up the loop, each turn reads them for a
//  bounded time, one body after the other; clients alternate. A body that is not finished goes on
//  in the next turn, from its place in its queue. Short bodies do not wait; the limit of all bodies
//  together bounds them.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/posts.h"

#include "common/process/clock.h"
#include "gateway/intake/content_type.h"
#include "gateway/intake/event_head.h"
#include "gateway/intake/fair_queue.h"
#include "gateway/intake/reading.h"
#include "gateway/intake/refuse_batch.h"
#include "http/coding/http_coding.h"

#define RETRY_MS 50
#define ASK_MS 1000       //  the least wait for the owners of new rockets
#define READ_MS 5000      //  the least wait of a long body that is not read yet
#define READ_US_MIN 1000  //  for a body that comes when the time of the turn is spent

struct posts {
    const intake_tools_t *tools;
    acceptance_t *acceptance;
    reading_t *short_body;
    reading_t *long_body;    //  at most one is paused; the others wait until it is done
    fair_queue_t *unread;    //  of http_request_t *: their long bodies are read later
    GQueue waiting;          //  of http_request_t *: they wait for room, the oldest first
    GQueue asking;           //  of http_request_t *: they wait for the owners of new rockets
    guint told;              //  how many at the head of `asking` to try, as owners have replied
    uint64_t replies;        //  of newcomers, up to which `asking` was told
    int64_t spent_us;        //  on bodies in this turn
    uint64_t full_buffered;  //  messages that were buffered when the oldest request found no room;
    int64_t retry_at_ms;     //  offer it again at this time, or when fewer are buffered
};

typedef enum {
    TRY_ANSWERED,  //  answered, or held until its outcome is known
    TRY_NO_ROOM,   //  there is no room now
    TRY_ASKING,    //  the owners have not replied yet whether its rockets exist
    TRY_UNREAD,    //  its long body is not read to its end, or another long body comes first
} try_t;

posts_t *
posts_new (const intake_tools_t *tools, acceptance_t *acceptance)
{
    posts_t *self = g_new0 (posts_t, 1);
    self->tools = tools;
    self->acceptance = acceptance;
    self->short_body = reading_new (tools);
    self->long_body = reading_new (tools);
    self->unread = fair_queue_new ();
    return self;
}

void
posts_destroy (posts_t **self_p)
{
    posts_t *self = *self_p;
    if (!self)
        return;
    reading_destroy (&self->short_body);
    reading_destroy (&self->long_body);
    fair_queue_destroy (&self->unread);
    g_free (self);
    *self_p = NULL;
}

size_t
posts_waiting (const posts_t *self)
{
    return self->waiting.length;
}

//  Return true if P is known: without P no message has a partition, so the gateway has no room.
static bool
s_is_known (const posts_t *self)
{
    return self->tools->publisher->layout (self->tools->publisher).partitions > 0;
}

//  Offer the messages of a body.
static try_t
s_offer (posts_t *self, http_request_t *request, const reading_t *reading)
{
    publisher_t *publisher = self->tools->publisher;
    batch_t *batch = reading_batch (reading);
    taken_t taken = {.count = batch_count (batch),
        .refusals = reading_refusals (reading),
        .prefer = reading_prefer (reading)};
    bool is_known = s_is_known (self);
    //  While a long body was read, the layout may have become known. Then it is read again.
    if (is_known && !layout_equal (batch_layout (batch), publisher->layout (publisher)))
        return TRY_UNREAD;
    offer_t offer = is_known ? publisher->offer (publisher, batch, &taken.receipt) : OFFER_FULL;
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

//  Offer the messages of a body, unless their rockets have no room.
static try_t
s_offer_known (posts_t *self, http_request_t *request, const reading_t *reading)
{
    switch (reading_newcomers (reading)) {
    case NEWCOMERS_ASKED:
        //  Replies may have come while the body was read.
        self->replies = reading_replies (reading);
        return TRY_ASKING;
    case NEWCOMERS_REFUSED:
        refuse_batch_of_newcomers (request);
        return TRY_ANSWERED;
    case NEWCOMERS_NONE:
        break;
    }
    return s_offer (self, request, reading);
}

static try_t
s_read_and_offer (posts_t *self, http_request_t *request, reading_t *reading, int64_t until_us)
{
    switch (reading_step (reading, request, until_us)) {
    case READING_PAUSED:
        return TRY_UNREAD;
    case READING_ANSWERED:
        return TRY_ANSWERED;
    case READING_DONE:
        break;
    }
    try_t result = s_offer_known (self, request, reading);
    reading_drop (reading);
    return result;
}

//  Read and offer a request, or read on, and count the time that this takes.
static try_t
s_try (posts_t *self, http_request_t *request)
{
    bool is_long = reading_is_long (request);
    const http_request_t *paused = reading_paused (self->long_body);
    if (is_long && paused && paused != request)
        return TRY_UNREAD;
    int64_t start_us = clock_us ();
    int64_t left_us = MAX (READ_US_PER_TURN - self->spent_us, READ_US_MIN);
    try_t result = is_long ? s_read_and_offer (self, request, self->long_body, start_us + left_us)
                           : s_read_and_offer (self, request, self->short_body, INT64_MAX);
    self->spent_us += clock_us () - start_us;
    return result;
}

static bool
s_has_time (const posts_t *self)
{
    return self->spent_us < READ_US_PER_TURN;
}

//  Forget the body of a request that ends now.
static void
s_leave (posts_t *self, const http_request_t *request)
{
    if (reading_paused (self->long_body) == request)
        reading_drop (self->long_body);
}

static void
s_expired (void *context, http_request_t *request)
{
    posts_t *self = context;
    s_leave (self, request);
    g_queue_remove (&self->waiting, request);
    refuse_batch_no_room (request, s_is_known (self));
}

static void
s_not_known (void *context, http_request_t *request)
{
    posts_t *self = context;
    s_leave (self, request);
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
    s_leave (self, request);
    fair_queue_remove (self->unread, request);
    refuse_batch_unread (request);
}

//  A request that waits for owners notes until when, as its deadline changes while it is read.
static int64_t *
s_ask_until_ms (http_request_t *request)
{
    return http_request_room (request, sizeof (int64_t));
}

//  A deadline bounds the time in which a request waits. While its body is read, it has none: the
//  reading goes on in each turn, and what it costs the others is bounded.
static void
s_keep_if_paused (posts_t *self, http_request_t *request, http_expired_fn *expired)
{
    if (reading_paused (self->long_body) == request)
        http_hold (request, INT64_MAX, expired, self);
}

//  Hold a request that could not be answered.
static void
s_hold (posts_t *self, http_request_t *request, try_t reason)
{
    int64_t now_ms = clock_ms ();
    int64_t wait_ms = (int64_t) self->tools->wait_ms;
    switch (reason) {
    case TRY_ASKING:
        g_queue_push_tail (&self->asking, request);
        *s_ask_until_ms (request) = now_ms + MAX (wait_ms, ASK_MS);
        http_hold (request, *s_ask_until_ms (request), s_not_known, self);
        break;
    case TRY_UNREAD:
        fair_queue_push (self->unread, request, http_request_client (request));
        http_hold (request, now_ms + MAX (wait_ms, READ_MS), s_not_read, self);
        s_keep_if_paused (self, request, s_not_read);
        break;
    case TRY_NO_ROOM:
        g_queue_push_tail (&self->waiting, request);
        http_hold (request, now_ms + wait_ms, s_expired, self);
        break;
    case TRY_ANSWERED:
        break;
    }
}

//  First come, first served: a request never overtakes the ones that wait for room.
static try_t
s_try_in_turn (posts_t *self, http_request_t *request)
{
    if (g_queue_is_empty (&self->waiting))
        return s_try (self, request);
    s_leave (self, request);
    return TRY_NO_ROOM;
}

void
posts_handle (posts_t *self, http_request_t *request)
{
    bool may_wait = !s_has_time (self) || fair_queue_length (self->unread) > 0;
    try_t result =
        may_wait && reading_is_long (request) ? TRY_UNREAD : s_try_in_turn (self, request);
    if (result != TRY_ANSWERED)
        s_hold (self, request, result);
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

//  Return true if owners have replied since `asking` was told.
static bool
s_has_replies (const posts_t *self)
{
    return self->asking.length > 0 && newcomers_replies (self->tools->newcomers) != self->replies;
}

//  Go on waiting for owners after another look at the rockets, unless the time for it is over.
static void
s_ask_on (posts_t *self, http_request_t *request)
{
    int64_t until_ms = *s_ask_until_ms (request);
    if (clock_ms () >= until_ms) {
        refuse_batch_unknown (request);
        return;
    }
    g_queue_push_tail (&self->asking, request);
    http_hold (request, until_ms, s_not_known, self);
}

//  Try the requests again for whose rockets owners may have replied; at least one.
static void
s_retry_asking (posts_t *self)
{
    if (s_has_replies (self)) {
        self->told = self->asking.length;
        self->replies = newcomers_replies (self->tools->newcomers);
    }
    for (bool is_first = true; self->told > 0 && (is_first || s_has_time (self));
         is_first = false) {
        http_request_t *request = g_queue_peek_head (&self->asking);
        try_t result = s_try (self, request);
        if (result == TRY_UNREAD) {
            s_keep_if_paused (self, request, s_not_known);
            break;
        }
        g_queue_pop_head (&self->asking);
        self->told--;
        if (result == TRY_ASKING)
            s_ask_on (self, request);
        else if (result == TRY_NO_ROOM)
            s_hold (self, request, result);
    }
}

//  Offer the requests that wait for room again; at least one.
static void
s_retry_waiting (posts_t *self)
{
    for (bool is_first = true; self->waiting.head && (is_first || s_has_time (self));
         is_first = false) {
        http_request_t *request = g_queue_peek_head (&self->waiting);
        if (reading_paused (self->long_body) != request && !s_may_be_room (self))
            break;
        try_t result = s_try (self, request);
        if (result == TRY_UNREAD)
            break;
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
}

//  Read the long bodies that were put off; at least one step.
static void
s_read_on (posts_t *self)
{
    http_request_t *request;
    for (bool is_first = true;
         (request = fair_queue_first (self->unread)) && (is_first || s_has_time (self));
         is_first = false) {
        try_t result = s_try_in_turn (self, request);
        if (result == TRY_UNREAD) {
            s_keep_if_paused (self, request, s_not_read);
            break;
        }
        fair_queue_remove (self->unread, request);
        if (result != TRY_ANSWERED)
            s_hold (self, request, result);
    }
}

void
posts_retry (posts_t *self)
{
    self->spent_us = 0;
    s_retry_asking (self);
    s_retry_waiting (self);
    s_read_on (self);
}

bool
posts_are_due (const posts_t *self)
{
    return fair_queue_length (self->unread) > 0 || self->told > 0 || s_has_replies (self) ||
           reading_paused (self->long_body) || (self->waiting.length > 0 && self->retry_at_ms == 0);
}
