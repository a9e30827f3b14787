//  An upload whose piece cannot be staged now keeps what was read of it, and its request is held: no
//  more is read from the client. It goes on in uploads_retry.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/uploads.h"

#include "common/process/clock.h"
#include "gateway/delivery/staging.h"
#include "gateway/intake/refuse_batch.h"
#include "http/answers.h"

#define BUSY_MS 60000  //  the disk may take so long for a round

//  Why nothing more is staged, though no line is bad.
typedef enum {
    FAULT_NONE,
    FAULT_FULL,
    FAULT_NO_PROCESSOR,
    FAULT_TOO_LARGE,
    FAULT_JOURNAL,
    FAULT_TOO_SLOW,
    FAULT_OVERFLOW,  //  there is no room, and it is said that it was accepted (--overflow=drop)
} fault_t;

struct uploads {
    const intake_tools_t *tools;
    acceptance_t *acceptance;
    const posts_t *posts;
    GQueue waiting;  //  of upload_t: they wait for room or for the disk
};

typedef struct {
    uploads_t *uploads;
    http_request_t *request;
    batch_t *batch;        //  of the piece that was read last, if it is not staged yet
    refusals_t *refusals;  //  NULL: none yet
    staged_t *staged;      //  NULL: nothing is
    prefer_t prefer;
    size_t lines;  //  that were read
    size_t good;   //  of those
    fault_t fault;
    bool is_begun;          //  a piece was read
    bool is_complete;       //  the last piece was
    bool is_waiting;        //  for room, among the uploads
    int64_t full_until_ms;  //  there is no room, and it waits for some until then; 0: not yet
    int64_t busy_until_ms;  //  likewise for the disk
    GList link;
} upload_t;

uploads_t *
uploads_new (const intake_tools_t *tools, acceptance_t *acceptance, const posts_t *posts)
{
    uploads_t *self = g_new0 (uploads_t, 1);
    self->tools = tools;
    self->acceptance = acceptance;
    self->posts = posts;
    return self;
}

void
uploads_destroy (uploads_t **self_p)
{
    g_clear_pointer (self_p, g_free);
}

size_t
uploads_waiting (const uploads_t *self)
{
    return self->waiting.length;
}

static publisher_t *
s_publisher (const upload_t *self)
{
    return self->uploads->tools->publisher;
}

static upload_t *
s_new (uploads_t *uploads, http_request_t *request)
{
    upload_t *self = g_new0 (upload_t, 1);
    self->uploads = uploads;
    self->request = request;
    self->batch = batch_new ();
    self->prefer = prefer_of (request);
    self->link.data = self;
    return self;
}

static void
s_stop_waiting (upload_t *self)
{
    if (self->is_waiting)
        g_queue_unlink (&self->uploads->waiting, &self->link);
    self->is_waiting = false;
    self->full_until_ms = 0;
    self->busy_until_ms = 0;
}

static void
s_drop (upload_t *self)
{
    publisher_t *publisher = s_publisher (self);
    publisher->stage_drop (publisher, &self->staged);
}

static void
s_free (void *data)
{
    upload_t *self = data;
    s_stop_waiting (self);
    s_drop (self);
    batch_destroy (&self->batch);
    refusals_unref (&self->refusals);
    g_free (self);
}

bool
upload_is_under_way (const http_request_t *request)
{
    return http_request_state (request) != NULL;
}

static void
s_accept (void *context, size_t index, const message_t *message)
{
    (void) index;
    upload_t *self = context;
    batch_add (self->batch, message);
    self->good++;
}

static void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    upload_t *self = context;
    refusals_add (&self->refusals, index, pointer, detail);
}

//  Put the next lines into the batch, which is empty.
static void
s_read (upload_t *self, text_t lines)
{
    publisher_t *publisher = s_publisher (self);
    batch_reset (self->batch, MAX (publisher->partitions (publisher), 1));
    message_json_read_lines (self->uploads->tools->reader, lines.data, lines.size, !self->is_begun,
        &self->lines, s_accept, s_refuse, self);
    self->is_begun = true;
}

static bool
s_is_known (const upload_t *self)
{
    const publisher_t *publisher = s_publisher (self);
    return publisher->partitions (publisher) > 0;
}

static void
s_fail (upload_t *self, fault_t fault)
{
    bool is_dropping = fault == FAULT_FULL && self->uploads->tools->overflow == OVERFLOW_DROP;
    self->fault = is_dropping ? FAULT_OVERFLOW : fault;
    s_drop (self);
}

static bool
s_is_refused (const upload_t *self)
{
    return self->refusals && !self->prefer.is_lenient;
}

//  Try to stage the batch. What is to be refused anyway need not be.
static stage_t
s_try (upload_t *self)
{
    publisher_t *publisher = s_publisher (self);
    if (s_is_refused (self))
        s_drop (self);
    bool is_empty = batch_count (self->batch) == 0;
    if (self->fault || s_is_refused (self) || (is_empty && !self->staged))
        return STAGE_TAKEN;
    //  First come, first served. But an upload that holds room goes on: its end makes room.
    if (!self->staged && posts_waiting (self->uploads->posts) > 0)
        return STAGE_FULL;
    if (!self->staged)
        self->staged = publisher->stage_begin (publisher);
    return publisher->stage (publisher, self->staged, self->batch);
}

//  Stage the batch. False if it has to wait for that.
static bool
s_stage (upload_t *self)
{
    stage_t stage = s_try (self);
    bool is_dropping = self->uploads->tools->overflow == OVERFLOW_DROP;
    if (stage == STAGE_EVICTED ||
        ((stage == STAGE_FULL || stage == STAGE_DISK_FULL) && is_dropping))
        s_fail (self, FAULT_FULL);
    else if (stage == STAGE_TOO_SLOW)
        s_fail (self, FAULT_TOO_SLOW);
    else if (stage == STAGE_TOO_LARGE)
        s_fail (self, FAULT_TOO_LARGE);
    else if (stage == STAGE_FAILED || stage == STAGE_DISK_FULL)
        s_fail (self, FAULT_JOURNAL);
    else if (stage != STAGE_TAKEN) {
        if (stage == STAGE_FULL && self->full_until_ms == 0)
            self->full_until_ms = clock_ms () + (int64_t) self->uploads->tools->wait_ms;
        return false;
    }
    batch_reset (self->batch, 1);
    return true;
}

static void s_expired (void *context, http_request_t *request);

//  Hold the request. A round that is under way is waited for longer than room is.
static void
s_wait (upload_t *self)
{
    if (self->busy_until_ms == 0)
        self->busy_until_ms = clock_ms () + BUSY_MS;
    http_hold (self->request, self->full_until_ms ? self->full_until_ms : self->busy_until_ms,
        s_expired, self);
    if (!self->is_waiting)
        g_queue_push_tail_link (&self->uploads->waiting, &self->link);
    self->is_waiting = true;
}

static void
s_answer_fault (upload_t *self)
{
    http_request_t *request = self->request;
    switch (self->fault) {
    case FAULT_TOO_LARGE:
        refuse_batch_too_large (request);
        return;
    case FAULT_JOURNAL:
        refuse_batch_not_kept (request, s_publisher (self));
        return;
    case FAULT_TOO_SLOW:
        answer_problem (request, 408, "request-timeout",
            "fewer than " G_STRINGIFY (UPLOAD_STEP_MESSAGES) " messages came in two minutes");
        return;
    case FAULT_FULL:
    case FAULT_NO_PROCESSOR:
    case FAULT_OVERFLOW:
    case FAULT_NONE:
        break;
    }
    refuse_batch_no_room (request, self->fault != FAULT_NO_PROCESSOR);
}

//  Nothing is bad, and all of it is staged: from now on it is a request whose messages were taken.
static void
s_answer_taken (upload_t *self)
{
    acceptance_t *acceptance = self->uploads->acceptance;
    publisher_t *publisher = s_publisher (self);
    http_request_t *request = self->request;
    taken_t taken = {.count = self->good, .refusals = self->refusals, .prefer = self->prefer};
    if (self->fault == FAULT_OVERFLOW)
        counter_add (&self->uploads->tools->metrics->dropped, self->good);
    else {
        if (!self->staged)
            self->staged = publisher->stage_begin (publisher);
        taken.receipt = publisher->stage_accept (publisher, &self->staged);
        if (!taken.receipt) {
            refuse_batch_not_kept (request, publisher);
            return;
        }
    }
    //  The request's state is to be another one.
    http_request_set_state (request, NULL, NULL);
    acceptance_add (acceptance, request, &taken);
    s_free (self);
}

static void
s_answer (upload_t *self)
{
    if (self->lines == 0)
        answer_problem (self->request, 400, "bad-body", MESSAGE_JSON_NOTHING);
    else if (s_is_refused (self)) {
        counter_add (&self->uploads->tools->metrics->refused, refusals_count (self->refusals));
        refusals_answer (self->refusals, self->request, self->good);
    }
    else if (self->fault && self->fault != FAULT_OVERFLOW)
        s_answer_fault (self);
    else
        s_answer_taken (self);
}

//  What it waited for is there, or will not be: read the next piece, or answer.
static void
s_go_on (upload_t *self)
{
    s_stop_waiting (self);
    if (self->is_complete)
        s_answer (self);
    else
        http_go_on (self->request);
}

//  The time to wait is over, or the client is gone.
static void
s_expired (void *context, http_request_t *request)
{
    (void) request;
    upload_t *self = context;
    s_fail (self, s_is_known (self) ? FAULT_FULL : FAULT_NO_PROCESSOR);
    s_go_on (self);
}

bool
uploads_piece (uploads_t *uploads, http_request_t *request, text_t lines)
{
    upload_t *self = http_request_state (request);
    if (!self) {
        self = s_new (uploads, request);
        http_request_set_state (request, self, s_free);
    }
    //  Without P nothing can be packed.
    if (!s_is_known (self) && !self->fault) {
        self->full_until_ms = clock_ms () + (int64_t) self->uploads->tools->wait_ms;
        s_wait (self);
        return false;
    }
    s_read (self, lines);
    if (!s_stage (self))
        s_wait (self);
    return true;
}

void
upload_end (http_request_t *request)
{
    upload_t *self = http_request_state (request);
    self->is_complete = true;
    s_read (self, http_request_body (request));
    if (s_stage (self))
        s_answer (self);
    else
        s_wait (self);
}

void
uploads_retry (uploads_t *uploads)
{
    for (GList *link = uploads->waiting.head; link;) {
        upload_t *self = link->data;
        link = link->next;
        if (!s_is_known (self))
            continue;
        if (s_stage (self))
            s_go_on (self);
        else
            s_wait (self);
    }
}
