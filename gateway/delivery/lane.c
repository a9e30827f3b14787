//  SPDX-License-Identifier: Apache-2.0
#include "gateway/delivery/lane.h"

#include "common/memory/queue.h"

void
lane_add (lane_t *self, record_t *record)
{
    record->stamp = 0;
    record->link.data = record;
    queue_append (&self->waiting, &record->link);
}

static void
s_leave_flight (lane_t *self, record_t *record)
{
    queue_remove (&self->in_flight, &record->link);
    self->in_flight_bytes -= record->size;
}

void
lane_acknowledge (lane_t *self, record_t *record)
{
    if (record->stamp) {
        s_leave_flight (self, record);
        self->acked_stamp = MAX (self->acked_stamp, record->stamp);
    }
    else
        queue_remove (record->is_set_aside ? &self->set_aside : &self->waiting, &record->link);
}

//  Return the last frame in flight with a lower stamp, or NULL.
static GList *
s_sent_before (const lane_t *self, uint64_t stamp)
{
    GList *behind = self->in_flight.head;
    while (behind && ((record_t *) behind->data)->stamp < stamp)
        behind = behind->next;
    return behind ? behind->prev : self->in_flight.tail;
}

//  Move the frames with lower stamps back to waiting, in front, as they are older.
static void
s_take_back (lane_t *self, uint64_t before_stamp)
{
    GList *link = s_sent_before (self, before_stamp);
    while (link) {
        record_t *record = link->data;
        link = link->prev;
        s_leave_flight (self, record);
        record->stamp = 0;
        record->is_set_aside = ++record->passed_over >= LANE_PASSES_MAX;
        g_queue_push_head_link (
            record->is_set_aside ? &self->set_aside : &self->waiting, &record->link);
    }
}

//  Insert a frame among the waiting ones, by its sequence.
static void
s_wait_again (lane_t *self, record_t *record)
{
    GList *behind = self->waiting.head;
    while (behind && ((record_t *) behind->data)->sequence < record->sequence)
        behind = behind->next;
    g_queue_insert_before_link (&self->waiting, behind, &record->link);
}

void
lane_return (lane_t *self, record_t *record, bool is_refused)
{
    if (!record->stamp)
        return;
    s_leave_flight (self, record);
    record->stamp = 0;
    record->passed_over += is_refused;
    record->is_set_aside = record->passed_over >= LANE_PASSES_MAX;
    if (record->is_set_aside)
        g_queue_push_head_link (&self->set_aside, &record->link);
    else
        s_wait_again (self, record);
}

//  Start a session: let all frames wait, also the ones that were set aside.
static void
s_begin_session (lane_t *self, uint64_t session)
{
    self->session = session;
    s_take_back (self, UINT64_MAX);
    bool is_mixed = self->set_aside.length > 0;
    while (self->set_aside.head)
        g_queue_push_head_link (&self->waiting, g_queue_pop_head_link (&self->set_aside));
    if (is_mixed)
        g_queue_sort (&self->waiting, record_compare, NULL);
    for (GList *link = self->waiting.head; link; link = link->next) {
        record_t *record = link->data;
        record->passed_over = 0;
        record->is_set_aside = false;
    }
}

static bool
s_has_room (const lane_t *self)
{
    return self->in_flight.length < LANE_WINDOW_FRAMES && self->in_flight_bytes < LANE_WINDOW_BYTES;
}

static void
s_send_waiting (lane_t *self, uint64_t *sendings, lane_send_fn *send, void *context)
{
    while (self->waiting.head && s_has_room (self)) {
        record_t *record = self->waiting.head->data;
        if (!record->bytes || !send (context, record))
            return;
        queue_remove (&self->waiting, &record->link);
        record->stamp = ++*sendings;
        queue_append (&self->in_flight, &record->link);
        self->in_flight_bytes += record->size;
    }
}

static bool
s_is_empty (const lane_t *self)
{
    return !self->waiting.head && !self->in_flight.head && !self->set_aside.head;
}

void
lane_run (lane_t *self, uint64_t session, uint64_t *sendings, lane_send_fn *send, void *context)
{
    if (session == 0 || s_is_empty (self))
        return;
    if (session == self->session)
        s_take_back (self, self->acked_stamp);
    else
        s_begin_session (self, session);
    s_send_waiting (self, sendings, send, context);
}

void
lane_empty (lane_t *self, GQueue *frames)
{
    s_begin_session (self, 0);
    while (self->waiting.head)
        queue_append (frames, g_queue_pop_head_link (&self->waiting));
    *self = (lane_t){0};
}

static int64_t
s_oldest_us (const GQueue *queue)
{
    int64_t oldest_us = INT64_MAX;
    for (const GList *link = queue->head; link; link = link->next)
        oldest_us = MIN (oldest_us, ((const record_t *) link->data)->kept_us);
    return oldest_us;
}

//  Frames in flight are in the order of sending, so any of them may be the oldest.
int64_t
lane_oldest_us (const lane_t *self)
{
    const record_t *head = self->waiting.head ? self->waiting.head->data : NULL;
    int64_t waiting_us = head ? head->kept_us : INT64_MAX;
    int64_t sent_us = MIN (s_oldest_us (&self->in_flight), s_oldest_us (&self->set_aside));
    int64_t oldest_us = MIN (waiting_us, sent_us);
    return oldest_us == INT64_MAX ? 0 : oldest_us;
}

size_t
lane_set_aside (const lane_t *self)
{
    return self->set_aside.length;
}

void
lane_look_ahead (lane_t *self, lane_fetch_fn *fetch, void *context)
{
    size_t frames = 0;
    size_t bytes = 0;
    for (GList *link = self->waiting.head;
         link && frames < LANE_WINDOW_FRAMES && bytes < LANE_WINDOW_BYTES; link = link->next) {
        record_t *record = link->data;
        frames++;
        bytes += record->size;
        if (!record->bytes && !record->is_fetched)
            fetch (context, record);
    }
}
