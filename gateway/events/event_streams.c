//  SPDX-License-Identifier: Apache-2.0
#include "gateway/events/event_streams.h"

#include "common/process/clock.h"

#define LOG_BYTES (16 * 1024 * 1024)
#define QUIET_MS 5000           //  silence after which a stream gets a comment
#define LISTENING_MAX_MS 1000   //  longest wait of a stream of chosen rockets for all owners
#define LOOK_MS 500             //  between two looks at all streams
#define WAKE_MIN_MS 5           //  updates within this time go out together;
#define STREAMS_PER_WAKE_MS 20  //  or within 1 ms for every 20 streams, if that is longer
#define STOP_MS 1000            //  longest time of a stream to end

struct event_streams {
    size_t limit;
    size_t count;
    stream_set_t set;
    event_pages_t *pages;
    uint64_t woken_end;  //  end of the log when the streams were last woken
    uint64_t woken_breaks;
    int64_t wake_at_ms;  //  earliest time to wake them
    int64_t look_at_ms;
    int64_t stopped_ms;  //  0: running
    unsigned turn_outs;  //  number of calls of event_streams_turn_out
};

//  The state of a request that is a stream.
typedef struct {
    event_streams_t *streams;
    event_stream_t *stream;
    unsigned turn_outs;  //  before the stream was opened
} client_t;

event_streams_t *
event_streams_new (size_t limit, directory_t *directory, asker_t *asker, json_writer_t *json)
{
    event_streams_t *self = g_new0 (event_streams_t, 1);
    self->limit = limit;
    self->set.log = update_log_new (LOG_BYTES);
    self->set.feed = update_feed_new (directory, self->set.log, json);
    self->pages = event_pages_new (&self->set, asker, directory, json);
    return self;
}

void
event_streams_destroy (event_streams_t **self_p)
{
    event_streams_t *self = *self_p;
    if (!self)
        return;
    g_assert (self->count == 0);
    event_pages_destroy (&self->pages);
    update_feed_destroy (&self->set.feed);
    update_log_destroy (&self->set.log);
    g_free (self);
    *self_p = NULL;
}

static ssize_t
s_read (void *context, char *buffer, size_t size)
{
    client_t *client = context;
    if (client->streams->stopped_ms || client->turn_outs != client->streams->turn_outs)
        return -1;
    return (ssize_t) event_stream_read (&client->streams->set, client->stream, buffer, size);
}

static void
s_closed (void *context)
{
    client_t *client = context;
    event_pages_forget (client->streams->pages, client->stream);
    event_stream_destroy (&client->streams->set, &client->stream);
    client->streams->count--;
    g_free (client);
}

static const http_state_kind_t s_client = {"event stream", s_closed};

static const http_response_t s_head = {.status = 200,
    .content_type = "text/event-stream",
    .fields = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}};

bool
event_streams_open (
    event_streams_t *self, http_request_t *request, const char *const *ids, const char *last_id)
{
    if (self->count >= self->limit)
        return false;
    client_t *client = g_new0 (client_t, 1);
    client->streams = self;
    client->turn_outs = self->turn_outs;
    client->stream = event_stream_new (&self->set, request, ids, last_id);
    self->count++;
    http_request_set_state (request, &s_client, client);
    http_answer_stream (request, &s_head, s_read, client);
    return true;
}

void
event_streams_answer_head (http_request_t *request)
{
    http_answer_stream_head (request, &s_head);
}

size_t
event_streams_count (const event_streams_t *self)
{
    return self->count;
}

size_t
event_streams_items_count (const event_streams_t *self)
{
    return update_feed_count (self->set.feed);
}

void
event_streams_items (event_streams_t *self, socket_item_t *items)
{
    update_feed_items (self->set.feed, items);
}

static bool
s_has_news (const event_streams_t *self)
{
    return self->count > 0 && (update_log_end (self->set.log) != self->woken_end ||
                                  update_log_breaks (self->set.log) != self->woken_breaks);
}

int64_t
event_streams_timeout_ms (const event_streams_t *self)
{
    int64_t now_ms = clock_ms ();
    int64_t pages_ms = event_pages_timeout_ms (self->pages, now_ms);
    return s_has_news (self) ? MIN (pages_ms, MAX (0, self->wake_at_ms - now_ms)) : pages_ms;
}

static void
s_begin_listening (event_streams_t *self, int64_t now_ms)
{
    for (GList *link = self->set.phases[STREAM_LISTENING].head; link;) {
        event_stream_t *stream = link->data;
        link = link->next;
        bool waited_enough = stream->chosen && now_ms >= stream->entered_ms + LISTENING_MAX_MS;
        if (waited_enough || update_feed_is_reached (self->set.feed, stream->ticket))
            event_stream_enter (&self->set, stream, STREAM_QUEUED);
    }
}

//  Wake the live streams to send changes. Each stream costs a system call, so the more streams
//  there are, the less often they wake.
static void
s_wake (event_streams_t *self, int64_t now_ms)
{
    if (!s_has_news (self) || now_ms < self->wake_at_ms)
        return;
    self->woken_end = update_log_end (self->set.log);
    self->woken_breaks = update_log_breaks (self->set.log);
    self->wake_at_ms = now_ms + MAX (WAKE_MIN_MS, (int64_t) (self->count / STREAMS_PER_WAKE_MS));
    for (GList *link = self->set.phases[STREAM_LIVE].head; link; link = link->next) {
        event_stream_t *stream = link->data;
        if (event_stream_has_more (&self->set, stream))
            http_stream_wake (stream->request);
    }
}

//  Look at all streams. End a stream whose client has closed. Wake a silent one: it sends a
//  comment, so that a client that vanished is found. A stream of chosen rockets checks for
//  missed updates.
static void
s_look_around (event_streams_t *self, int64_t now_ms)
{
    if (now_ms < self->look_at_ms)
        return;
    self->look_at_ms = now_ms + LOOK_MS;
    for (int phase = 0; phase < STREAM_PHASES; phase++) {
        for (GList *link = self->set.phases[phase].head; link;) {
            event_stream_t *stream = link->data;
            link = link->next;
            if (http_client_is_gone (stream->request))
                http_stream_abort (stream->request);
            else if (now_ms >= stream->sent_ms + QUIET_MS) {
                stream->is_quiet = true;
                http_stream_wake (stream->request);
            }
            if (phase == STREAM_LIVE && stream->chosen && now_ms >= stream->entered_ms + QUIET_MS)
                event_stream_ask_again (&self->set, stream);
        }
    }
}

static void
s_end_all (event_streams_t *self, int64_t now_ms)
{
    for (int phase = 0; phase < STREAM_PHASES; phase++) {
        for (GList *link = self->set.phases[phase].head; link; link = link->next) {
            event_stream_t *stream = link->data;
            if (now_ms < self->stopped_ms + STOP_MS)
                http_stream_wake (stream->request);
            else
                http_stream_abort (stream->request);
        }
    }
}

void
event_streams_run (event_streams_t *self)
{
    int64_t now_ms = clock_ms ();
    if (self->stopped_ms) {
        s_end_all (self, now_ms);
        return;
    }
    update_feed_run (self->set.feed);
    s_begin_listening (self, now_ms);
    event_pages_run (self->pages, now_ms);
    s_wake (self, now_ms);
    s_look_around (self, now_ms);
}

void
event_streams_turn_out (event_streams_t *self)
{
    self->turn_outs++;
    for (int phase = 0; phase < STREAM_PHASES; phase++)
        for (GList *link = self->set.phases[phase].head; link; link = link->next)
            http_stream_wake (((event_stream_t *) link->data)->request);
}

void
event_streams_stop (event_streams_t *self)
{
    self->stopped_ms = clock_ms ();
}
