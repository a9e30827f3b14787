//  Between two pages a stream reads the log to its end. It sends changes behind the walk, and skips
//  changes ahead of it, because later pages show them. So a walk through a million rockets needs
//  only the part of the log that arrives during one page.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/events/event_stream.h"

#include "common/process/clock.h"

static void
s_begin_walk (stream_set_t *set, event_stream_t *self)
{
    if (!self->chosen)
        g_clear_pointer (&self->events, g_bytes_unref);
    g_clear_pointer (&self->walk.after, g_bytes_unref);
    self->walk = (walk_t){0};
    self->left = self->chosen_count;
    self->rockets = 0;
    self->breaks = update_log_breaks (set->log);
    self->position = update_log_end (set->log);
    self->ticket = update_feed_ticket (set->feed);
    self->is_fresh = true;
}

//  Go on behind the last event of the client, if possible.
static bool
s_resume (stream_set_t *set, event_stream_t *self, const char *last_id)
{
    uint64_t position = 0;
    if (self->chosen || !update_log_read_id (set->log, last_id, &position) ||
        !update_log_reaches (set->log, position))
        return false;
    self->position = position;
    self->walk.is_done = true;
    event_stream_enter (set, self, STREAM_SHOWING);
    return true;
}

static void
s_choose (stream_set_t *set, event_stream_t *self, const char *const *ids)
{
    self->chosen_count = g_strv_length ((char **) ids);
    self->chosen = g_new0 (chosen_t, self->chosen_count);
    for (size_t index = 0; index < self->chosen_count; index++) {
        self->chosen[index].id = g_strdup (ids[index]);
        update_feed_listen (set->feed, ids[index]);
    }
}

event_stream_t *
event_stream_new (
    stream_set_t *set, http_request_t *request, const char *const *ids, const char *last_id)
{
    event_stream_t *self = g_new0 (event_stream_t, 1);
    self->request = request;
    self->link.data = self;
    g_queue_push_tail_link (&set->phases[STREAM_LISTENING], &self->link);
    if (ids)
        s_choose (set, self, ids);
    else
        update_feed_listen (set->feed, NULL);
    s_begin_walk (set, self);
    event_stream_enter (set, self, STREAM_LISTENING);
    if (last_id && !s_resume (set, self, last_id) && !ids)
        self->reset = "resume";
    self->sent_ms = clock_ms ();
    return self;
}

void
event_stream_destroy (stream_set_t *set, event_stream_t **self_p)
{
    event_stream_t *self = *self_p;
    if (!self)
        return;
    for (size_t index = 0; index < self->chosen_count; index++) {
        update_feed_ignore (set->feed, self->chosen[index].id);
        g_free (self->chosen[index].id);
    }
    if (!self->chosen)
        update_feed_ignore (set->feed, NULL);
    g_queue_unlink (&set->phases[self->phase], &self->link);
    g_clear_pointer (&self->walk.after, g_bytes_unref);
    g_clear_pointer (&self->events, g_bytes_unref);
    g_clear_pointer (&self->piece, g_bytes_unref);
    g_free (self->chosen);
    g_free (self);
    *self_p = NULL;
}

void
event_stream_enter (stream_set_t *set, event_stream_t *self, stream_phase_t phase)
{
    g_queue_unlink (&set->phases[self->phase], &self->link);
    self->phase = phase;
    self->entered_ms = clock_ms ();
    g_queue_push_tail_link (&set->phases[phase], &self->link);
}

bool
event_stream_is_whole (const stream_set_t *set, const event_stream_t *self)
{
    return self->breaks == update_log_breaks (set->log) &&
           (self->chosen || update_log_reaches (set->log, self->position));
}

void
event_stream_restart (stream_set_t *set, event_stream_t *self)
{
    if (!self->chosen && !self->is_fresh)
        self->reset = self->breaks == update_log_breaks (set->log) ? "slow" : "missed";
    s_begin_walk (set, self);
    event_stream_enter (set, self, STREAM_LISTENING);
}

void
event_stream_show (
    stream_set_t *set, event_stream_t *self, GBytes *events, uint64_t rockets, walk_t next)
{
    if (events) {
        g_clear_pointer (&self->events, g_bytes_unref);
        self->events = events;
    }
    self->rockets += rockets;
    self->is_fresh = self->is_fresh && rockets == 0;
    g_clear_pointer (&self->walk.after, g_bytes_unref);
    self->walk = next;
    event_stream_enter (set, self, STREAM_SHOWING);
}

static GBytes *
s_text (const char *text)
{
    return g_bytes_new (text, strlen (text));
}

static GBytes *
s_reset_event (event_stream_t *self)
{
    char text[96];
    g_snprintf (text, sizeof text, "event: reset\ndata: {\"reason\":\"%s\"}\n\n", self->reset);
    self->reset = NULL;
    return s_text (text);
}

//  Write the event that says that all current rockets were sent. Its id is the position from which
//  the client can continue. For a stream of chosen rockets the event has no id, since such a stream
//  always shows their states.
static GBytes *
s_synced_event (const stream_set_t *set, event_stream_t *self)
{
    char id[UPDATE_LOG_ID_SIZE];
    char text[128];
    update_log_write_id (set->log, self->position, id);
    g_snprintf (text, sizeof text, "%s%s%sevent: synced\ndata: {\"rockets\":%llu}\n\n",
        self->chosen ? "" : "id: ", self->chosen ? "" : id, self->chosen ? "" : "\n",
        (unsigned long long) self->rockets);
    self->is_synced = true;
    return s_text (text);
}

static bool
s_is_shown (const walk_t *walk, const log_entry_t *entry)
{
    if (walk->is_done || entry->partition < walk->partition)
        return true;
    if (entry->partition > walk->partition || !walk->after)
        return false;
    gsize size = 0;
    const char *after = g_bytes_get_data (walk->after, &size);
    return text_compare (entry->id, text_of (after, size)) <= 0;
}

//  Return the next event of the log about a rocket that was shown.
static GBytes *
s_next_of_log (const stream_set_t *set, event_stream_t *self)
{
    const log_entry_t *entry = NULL;
    while ((entry = update_log_after (set->log, self->position))) {
        self->position = entry->number;
        if (s_is_shown (&self->walk, entry)) {
            self->is_fresh = false;
            return g_bytes_ref (entry->event);
        }
    }
    self->position = update_log_end (set->log);
    return NULL;
}

static GBytes *
s_next_of_all (stream_set_t *set, event_stream_t *self)
{
    if (!event_stream_is_whole (set, self)) {
        event_stream_restart (set, self);
        return self->reset ? s_reset_event (self) : NULL;
    }
    GBytes *event = s_next_of_log (set, self);
    if (event || self->phase == STREAM_LIVE)
        return event;
    event_stream_enter (set, self, self->walk.is_done ? STREAM_LIVE : STREAM_QUEUED);
    return self->walk.is_done ? s_synced_event (set, self) : NULL;
}

const chosen_t *
event_stream_asking (const event_stream_t *self)
{
    return self->chosen ? &self->chosen[self->asking] : NULL;
}

//  Return the newer state of a chosen rocket, or NULL.
static const log_entry_t *
s_newer (const stream_set_t *set, const chosen_t *chosen)
{
    const log_entry_t *entry = update_log_of (set->log, text_from (chosen->id));
    return entry && rocket_version_compare (entry->version, chosen->version) > 0 ? entry : NULL;
}

//  Set the state of a chosen rocket that is sent next. If the new owner's state is older than the
//  one we sent (it was never saved), send a reset event first, and then all of them again.
static void
s_set_version (event_stream_t *self, chosen_t *chosen, rocket_version_t version)
{
    if (version.changes < chosen->version.changes) {
        self->reset = "missed";
        self->is_synced = false;
        self->left = self->chosen_count;
        for (size_t index = 0; index < self->chosen_count; index++)
            self->chosen[index].version = (rocket_version_t){0};
    }
    chosen->version = version;
}

void
event_stream_ask_again (stream_set_t *set, event_stream_t *self)
{
    self->left = self->chosen_count;
    event_stream_enter (set, self, STREAM_QUEUED);
}

void
event_stream_skip (event_stream_t *self)
{
    self->asking = (self->asking + 1) % self->chosen_count;
}

void
event_stream_show_chosen (
    stream_set_t *set, event_stream_t *self, text_t event, rocket_version_t version)
{
    chosen_t *chosen = &self->chosen[self->asking];
    bool is_newer = event.size > 0 && rocket_version_compare (version, chosen->version) > 0;
    if (is_newer) {
        s_set_version (self, chosen, version);
        self->events = g_bytes_new (event.data, event.size);
        self->rockets++;
    }
    event_stream_skip (self);
    self->left--;
    bool is_next = !is_newer && self->left > 0;
    event_stream_enter (set, self, is_next ? STREAM_QUEUED : STREAM_SHOWING);
    if (!is_next)
        http_stream_wake (self->request);
}

//  Return the next event of the log about a chosen rocket.
static GBytes *
s_next_change (const stream_set_t *set, event_stream_t *self)
{
    for (size_t index = 0; index < self->chosen_count; index++) {
        const log_entry_t *entry = s_newer (set, &self->chosen[index]);
        if (entry) {
            s_set_version (self, &self->chosen[index], entry->version);
            return g_bytes_ref (entry->event);
        }
    }
    return NULL;
}

static GBytes *
s_next_of_chosen (stream_set_t *set, event_stream_t *self)
{
    self->events = s_next_change (set, self);
    if (self->events)
        return self->reset ? s_reset_event (self) : g_steal_pointer (&self->events);
    if (self->left > 0) {
        event_stream_enter (set, self, STREAM_QUEUED);
        return NULL;
    }
    if (self->phase == STREAM_SHOWING)
        event_stream_enter (set, self, STREAM_LIVE);
    if (!event_stream_is_whole (set, self)) {
        event_stream_restart (set, self);
        return NULL;
    }
    return self->is_synced ? NULL : s_synced_event (set, self);
}

//  Return the next piece, or NULL if there is none now.
static GBytes *
s_next (stream_set_t *set, event_stream_t *self)
{
    if (!self->is_begun) {
        self->is_begun = true;
        return s_text ("retry: 2000\n\n");
    }
    if (self->reset)
        return s_reset_event (self);
    if (self->events)
        return g_steal_pointer (&self->events);
    GBytes *piece = NULL;
    if (self->phase == STREAM_SHOWING || self->phase == STREAM_LIVE)
        piece = self->chosen ? s_next_of_chosen (set, self) : s_next_of_all (set, self);
    return piece || !self->is_quiet ? piece : s_text (":\n\n");
}

bool
event_stream_has_more (const stream_set_t *set, const event_stream_t *self)
{
    if (!event_stream_is_whole (set, self))
        return true;
    if (!self->chosen)
        return update_log_after (set->log, self->position) != NULL;
    for (size_t index = 0; index < self->chosen_count; index++)
        if (s_newer (set, &self->chosen[index]))
            return true;
    return false;
}

size_t
event_stream_read (stream_set_t *set, event_stream_t *self, char *buffer, size_t size)
{
    size_t filled = 0;
    while (filled < size) {
        if (!self->piece) {
            self->piece = s_next (set, self);
            self->sent = 0;
            self->is_quiet = false;
        }
        if (!self->piece)
            break;
        gsize whole = 0;
        const char *bytes = g_bytes_get_data (self->piece, &whole);
        size_t count = MIN (size - filled, whole - self->sent);
        memcpy (buffer + filled, bytes + self->sent, count);
        filled += count;
        self->sent += count;
        if (self->sent == whole)
            g_clear_pointer (&self->piece, g_bytes_unref);
    }
    if (filled)
        self->sent_ms = clock_ms ();
    return filled;
}
