//  An upload whose piece cannot be staged now keeps the messages of the piece and holds its
//  request, so that the server reads no more from the client. uploads_retry goes on with it.
//
//    phase      the upload                                        next phase
//    READING    may get its next piece                            TURN, ROOM, DISK, COMPLETE
//    TURN       waits for a turn with time for its next piece     READING
//    ROOM       waits for room, or for the first processor        READING
//    DISK       waits for the current round of the journal        READING, ROOM
//    COMPLETE   has its last piece                                LAST_TURN, LAST_ROOM, LAST_DISK
//    LAST_TURN  waits for a turn with time for it                 COMPLETE
//    LAST_ROOM  waits for room for the last piece                 COMPLETE
//    LAST_DISK  waits for the journal with the last piece         COMPLETE, LAST_ROOM
//
//  Each turn of the worker reads pieces for a bounded time, so that many uploads hold up no other
//  request. While uploads wait for a turn, clients alternate: no other upload reads a piece first.
//
//  An upload whose request is answered or gone is freed, in any phase. s_enter changes the phase.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/uploads.h"

#include "common/bytes/message_json.h"
#include "common/process/clock.h"
#include "gateway/delivery/staging.h"
#include "gateway/intake/fair_queue.h"
#include "gateway/intake/refuse_batch.h"
#include "http/answers.h"

#define BUSY_MS 60000  //  longest wait for the disk, or for a turn
#define BIT(phase) (1u << (phase))
#define FOR_A_TURN (BIT (UPLOAD_TURN) | BIT (UPLOAD_LAST_TURN))
#define FOR_STAGING                                                                                \
    (BIT (UPLOAD_ROOM) | BIT (UPLOAD_DISK) | BIT (UPLOAD_LAST_ROOM) | BIT (UPLOAD_LAST_DISK))

typedef enum {
    UPLOAD_READING,
    UPLOAD_TURN,
    UPLOAD_ROOM,
    UPLOAD_DISK,
    UPLOAD_COMPLETE,  //  from here on all pieces have come
    UPLOAD_LAST_TURN,
    UPLOAD_LAST_ROOM,
    UPLOAD_LAST_DISK,
    UPLOAD_PHASES
} upload_phase_t;

static const unsigned s_next[UPLOAD_PHASES] = {
    [UPLOAD_READING] =
        BIT (UPLOAD_TURN) | BIT (UPLOAD_ROOM) | BIT (UPLOAD_DISK) | BIT (UPLOAD_COMPLETE),
    [UPLOAD_TURN] = BIT (UPLOAD_READING),
    [UPLOAD_ROOM] = BIT (UPLOAD_READING),
    [UPLOAD_DISK] = BIT (UPLOAD_READING) | BIT (UPLOAD_ROOM),
    [UPLOAD_COMPLETE] = BIT (UPLOAD_LAST_TURN) | BIT (UPLOAD_LAST_ROOM) | BIT (UPLOAD_LAST_DISK),
    [UPLOAD_LAST_TURN] = BIT (UPLOAD_COMPLETE),
    [UPLOAD_LAST_ROOM] = BIT (UPLOAD_COMPLETE),
    [UPLOAD_LAST_DISK] = BIT (UPLOAD_COMPLETE) | BIT (UPLOAD_LAST_ROOM)};

//  The reason to stage nothing more, though no line is bad.
typedef enum {
    FAULT_NONE,
    FAULT_FULL,
    FAULT_NO_PROCESSOR,
    FAULT_TOO_LARGE,
    FAULT_JOURNAL,
    FAULT_TOO_SLOW,
    FAULT_OVERFLOW,  //  there is no room, and the client is told "accepted" (--overflow=drop)
} fault_t;

typedef struct upload upload_t;

struct uploads {
    const intake_tools_t *tools;
    message_json_t *reader;
    acceptance_t *acceptance;
    const posts_t *posts;
    fair_queue_t *for_a_turn;  //  of upload_t: they wait for a turn
    GQueue for_staging;        //  of upload_t: they wait for room or for the disk
    int64_t spent_us;          //  on pieces in this turn
    const upload_t *next;      //  it may read a piece before those that wait; NULL: none
    const upload_t *ending;    //  it reads to its end now, as it can be held no longer; NULL: none
};

struct upload {
    uploads_t *uploads;
    http_request_t *request;
    batch_t *batch;        //  messages of the last piece that was read, if they are not staged yet
    refusals_t *refusals;  //  NULL: none yet
    staged_t *staged;      //  messages of earlier pieces; NULL: none
    prefer_t prefer;
    size_t pieces;  //  that were read
    size_t lines;   //  that were read
    size_t good;    //  lines that hold a good message
    fault_t fault;
    upload_phase_t phase;  //  changed by s_enter only
    int64_t deadline_ms;   //  of the wait
    GList link;            //  in uploads->for_staging
};

uploads_t *
uploads_new (const intake_tools_t *tools, acceptance_t *acceptance, const posts_t *posts)
{
    uploads_t *self = g_new0 (uploads_t, 1);
    self->tools = tools;
    self->reader = message_json_new (tools->max_body_bytes);
    self->acceptance = acceptance;
    self->posts = posts;
    self->for_a_turn = fair_queue_new ();
    return self;
}

void
uploads_destroy (uploads_t **self_p)
{
    uploads_t *self = *self_p;
    if (!self)
        return;
    message_json_destroy (&self->reader);
    fair_queue_destroy (&self->for_a_turn);
    g_free (self);
    *self_p = NULL;
}

size_t
uploads_waiting (const uploads_t *self)
{
    return self->for_staging.length + fair_queue_length (self->for_a_turn);
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

static bool
s_is_complete (const upload_t *self)
{
    return self->phase >= UPLOAD_COMPLETE;
}

static void
s_leave_queue (upload_t *self)
{
    if (BIT (self->phase) & FOR_A_TURN)
        fair_queue_remove (self->uploads->for_a_turn, self);
    else if (BIT (self->phase) & FOR_STAGING)
        g_queue_unlink (&self->uploads->for_staging, &self->link);
}

//  Change the phase, and keep the queues. An upload that waits for room after the disk keeps its
//  place.
static void
s_enter (upload_t *self, upload_phase_t phase)
{
    bool is_staying = (BIT (self->phase) & FOR_STAGING) && (BIT (phase) & FOR_STAGING);
    g_assert (s_next[self->phase] & BIT (phase));
    if (!is_staying)
        s_leave_queue (self);
    self->phase = phase;
    if (BIT (phase) & FOR_A_TURN)
        fair_queue_push (self->uploads->for_a_turn, self, http_request_client (self->request));
    else if ((BIT (phase) & FOR_STAGING) && !is_staying)
        g_queue_push_tail_link (&self->uploads->for_staging, &self->link);
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
    s_leave_queue (self);
    s_drop (self);
    batch_destroy (&self->batch);
    refusals_unref (&self->refusals);
    g_free (self);
}

static const http_state_kind_t s_kind = {"upload", s_free};

bool
uploads_is_under_way (const http_request_t *request)
{
    return http_request_state (request, &s_kind) != NULL;
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
    int64_t start_us = clock_us ();
    batch_reset (self->batch, publisher->layout (publisher));
    message_json_read_lines (self->uploads->reader, lines.data, lines.size, self->pieces == 0,
        &self->lines, s_accept, s_refuse, self);
    self->pieces++;
    self->uploads->spent_us += clock_us () - start_us;
}

static bool
s_has_time (const uploads_t *self)
{
    return self->spent_us < READ_US_PER_TURN;
}

//  Return true if an upload may read a piece now.
static bool
s_may_read (const upload_t *self)
{
    const uploads_t *uploads = self->uploads;
    bool is_next = uploads->next == self || fair_queue_length (uploads->for_a_turn) == 0;
    return uploads->ending == self || (s_has_time (uploads) && is_next);
}

static bool
s_is_known (const upload_t *self)
{
    const publisher_t *publisher = s_publisher (self);
    return publisher->layout (publisher).partitions > 0;
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

//  Try to stage the batch, unless the request will be refused anyway.
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
        self->staged = publisher->stage_begin (publisher, http_request_client (self->request));
    return publisher->stage (publisher, self->staged, self->batch);
}

static void s_expired (void *context, http_request_t *request);

//  Hold the request until its batch can be staged. The deadline of an upload that waits for room
//  stays the same when it must wait for the disk too.
static void
s_wait (upload_t *self, bool is_full)
{
    upload_phase_t room = s_is_complete (self) ? UPLOAD_LAST_ROOM : UPLOAD_ROOM;
    upload_phase_t disk = s_is_complete (self) ? UPLOAD_LAST_DISK : UPLOAD_DISK;
    upload_phase_t phase = is_full || self->phase == room ? room : disk;
    if (phase == self->phase)
        return;
    s_enter (self, phase);
    self->deadline_ms = clock_ms () + (is_full ? (int64_t) self->uploads->tools->wait_ms : BUSY_MS);
    http_hold (self->request, self->deadline_ms, s_expired, self);
}

//  Stage the batch. Return false if the upload waits for that.
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
        s_wait (self, stage == STAGE_FULL);
        return false;
    }
    batch_reset (self->batch, (layout_t){0});
    return true;
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

//  Accept an upload whose lines are all good and staged, and leave the request to the acceptance.
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
            self->staged = publisher->stage_begin (publisher, http_request_client (self->request));
        taken.receipt = publisher->stage_accept (publisher, &self->staged);
        if (!taken.receipt) {
            refuse_batch_not_kept (request, publisher);
            return;
        }
    }
    (void) http_request_steal_state (request, &s_kind);
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

//  End the wait: read the next piece, or answer.
static void
s_go_on (upload_t *self)
{
    if (s_is_complete (self)) {
        s_enter (self, UPLOAD_COMPLETE);
        s_answer (self);
    }
    else {
        s_enter (self, UPLOAD_READING);
        http_go_on (self->request);
    }
}

//  The deadline has passed, or the client is gone.
static void
s_expired (void *context, http_request_t *request)
{
    (void) request;
    upload_t *self = context;
    uploads_t *uploads = self->uploads;
    uploads->ending = self;
    s_fail (self, s_is_known (self) ? FAULT_FULL : FAULT_NO_PROCESSOR);
    s_go_on (self);
    uploads->ending = NULL;
}

//  Hold the request until a turn has time for the piece.
static void
s_put_off (upload_t *self)
{
    s_enter (self, s_is_complete (self) ? UPLOAD_LAST_TURN : UPLOAD_TURN);
    self->deadline_ms = clock_ms () + BUSY_MS;
    http_hold (self->request, self->deadline_ms, s_expired, self);
}

//  Read the last piece, then answer the request or hold it.
static void
s_read_last (upload_t *self)
{
    s_read (self, http_request_body (self->request));
    if (s_stage (self))
        s_answer (self);
}

bool
uploads_piece (uploads_t *uploads, http_request_t *request, text_t lines)
{
    upload_t *self = http_request_state (request, &s_kind);
    if (!self) {
        self = s_new (uploads, request);
        http_request_set_state (request, &s_kind, self);
    }
    //  No message can be packed before the number of partitions is known.
    if (!s_is_known (self) && !self->fault) {
        s_wait (self, true);
        return false;
    }
    if (!s_may_read (self)) {
        s_put_off (self);
        return false;
    }
    uploads->next = NULL;
    s_read (self, lines);
    (void) s_stage (self);
    return true;
}

void
uploads_end (http_request_t *request)
{
    upload_t *self = http_request_state (request, &s_kind);
    s_enter (self, UPLOAD_COMPLETE);
    if (s_may_read (self))
        s_read_last (self);
    else
        s_put_off (self);
}

//  Read a piece of each upload that waits for a turn, while this one has time.
static void
s_read_waiting (uploads_t *uploads)
{
    upload_t *self;
    while (s_has_time (uploads) && (self = fair_queue_first (uploads->for_a_turn))) {
        uploads->next = self;
        if (self->phase == UPLOAD_TURN)
            s_go_on (self);
        else {
            s_enter (self, UPLOAD_COMPLETE);
            s_read_last (self);
        }
        uploads->next = NULL;
    }
}

bool
uploads_are_due (const uploads_t *self)
{
    return fair_queue_length (self->for_a_turn) > 0;
}

void
uploads_retry (uploads_t *uploads)
{
    uploads->spent_us = 0;
    for (GList *link = uploads->for_staging.head; link;) {
        upload_t *self = link->data;
        link = link->next;
        if (s_is_known (self) && s_stage (self))
            s_go_on (self);
    }
    s_read_waiting (uploads);
}
