//  SPDX-License-Identifier: Apache-2.0
#include "gateway/worker.h"

#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "common/process/watchdog.h"
#include "gateway/intake/answer_accepted.h"
#include "gateway/intake/upload.h"
#include "gateway/routes.h"

#define POLL_MAX_MS 50
#define DRAIN_MS 8000          //  stop after so long at the latest, whatever the peers do
#define DRAIN_DURABLE_MS 2000  //  for acks of what is in a journal anyway

worker_t *
worker_new (const worker_config_t *config, discovery_t *discovery, const atomic_int *phase)
{
    worker_t *self = g_new0 (worker_t, 1);
    self->config = *config;
    self->phase = phase;
    self->metrics = config->publisher.metrics;
    http_config_t http = {.address = config->address,
        .port = config->port,
        .max_body_bytes = config->max_body_bytes,
        .idle_connections = config->idle_connections,
        .max_connections = config->max_connections,
        .cors = config->cors,
        .handler = routes_handle,
        .takes_pieces = routes_take_pieces,
        .piece = upload_piece,
        .answered = routes_answered,
        .context = self};
    self->publisher = publish_zmq_new (&config->publisher, discovery);
    if (!self->publisher) {
        worker_destroy (&self);
        return NULL;
    }
    self->directory = publish_zmq_directory (self->publisher);
    self->asker = asker_new (self->directory);
    self->reader = message_json_new (config->max_body_bytes);
    self->batch = batch_new ();
    self->json = json_writer_new ();
    self->streams =
        event_streams_new (config->event_streams, self->directory, self->asker, self->json);
    self->waiting = g_queue_new ();
    self->uploads = g_queue_new ();
    self->accepted = g_queue_new ();
    self->applying = g_queue_new ();
    self->http = http_server_new (&http);
    if (!self->http)
        worker_destroy (&self);
    return self;
}

void
worker_destroy (worker_t **self_p)
{
    worker_t *self = *self_p;
    if (!self)
        return;
    http_server_destroy (&self->http);
    asker_destroy (&self->asker);
    event_streams_destroy (&self->streams);
    if (self->publisher)
        self->publisher->destroy (&self->publisher);
    message_json_destroy (&self->reader);
    batch_destroy (&self->batch);
    json_writer_destroy (&self->json);
    g_clear_pointer (&self->waiting, g_queue_free);
    g_clear_pointer (&self->uploads, g_queue_free);
    g_clear_pointer (&self->accepted, g_queue_free);
    g_clear_pointer (&self->applying, g_queue_free);
    g_free (self);
    *self_p = NULL;
}

static void
s_wait (worker_t *self)
{
    size_t peers_count = 0;
    peer_t *const *peers = directory_peers (self->directory, &peers_count);
    size_t streams_count = event_streams_items_count (self->streams);
    socket_item_t items[2 + 3 * peers_count + streams_count];
    size_t count = 0;
    items[count++] = (socket_item_t){.fd = http_server_fd (self->http)};
    if (self->publisher->fd (self->publisher) >= 0)
        items[count++] = (socket_item_t){.fd = self->publisher->fd (self->publisher)};
    for (size_t index = 0; index < peers_count; index++) {
        items[count++] = (socket_item_t){.socket = peers[index]->events};
        items[count++] = (socket_item_t){.socket = peers[index]->queries};
        items[count++] = (socket_item_t){.socket = peers[index]->lists};
    }
    event_streams_items (self->streams, items + count);
    count += streams_count;
    //  Answering may have let further requests in, whose work must not wait.
    int64_t timeout_ms = MIN (http_server_timeout_ms (self->http), POLL_MAX_MS);
    timeout_ms =
        asker_is_due (self->asker) ? 0 : MIN (timeout_ms, event_streams_timeout_ms (self->streams));
    socket_poll_us (
        items, count, MIN (1000 * timeout_ms, self->publisher->timeout_us (self->publisher)));
}

static void
s_measure (worker_t *self)
{
    http_usage_t usage = http_server_usage (self->http);
    counter_set (&self->metrics->connections, usage.open);
    counter_set (&self->metrics->idle, usage.idle);
    counter_set (&self->metrics->streams, event_streams_count (self->streams));
    counter_set (&self->metrics->timeouts, usage.timeouts);
    counter_set (&self->metrics->waiting,
        g_queue_get_length (self->waiting) + g_queue_get_length (self->uploads));
}

static void
s_turn (worker_t *self)
{
    watchdog_feed ("worker");
    s_wait (self);
    http_server_run (self->http);                  //  requests in
    self->publisher->run (self->publisher);        //  into the journal; frames out, acks back in
    size_t answered = answer_accepted_run (self);  //  those whose messages are kept
    watchdog_feed ("worker");
    event_streams_run (self->streams);  //  updates in, to the streams
    watchdog_feed ("worker");
    asker_run (self->asker);     //  questions out, answers back in
    uploads_retry (self);        //  those that waited for room,
    post_messages_retry (self);  //  in large bodies and others
    //  Answers out: the first run hands them over, the second one writes them.
    for (int run = 0; run < 2 && http_server_timeout_ms (self->http) == 0; run++) {
        watchdog_feed ("worker");
        http_server_run (self->http);
    }
    s_measure (self);
    if (answered > 0)
        FAILPOINT ("answer-after");
}

//  Nothing new comes in; what was asked is answered, what was accepted is delivered.
static void
s_drain (worker_t *self)
{
    int64_t start_ms = clock_ms ();
    int64_t deliver_ms =
        self->publisher->is_durable (self->publisher) ? DRAIN_DURABLE_MS : DRAIN_MS;
    int64_t spent_ms = 0;
    http_server_stop_listening (self->http);
    event_streams_stop (self->streams);
    while ((spent_ms = clock_ms () - start_ms) < DRAIN_MS &&
           (http_server_unanswered (self->http) > 0 ||
               (self->publisher->buffered (self->publisher) > 0 && spent_ms < deliver_ms))) {
        s_turn (self);
        if (spent_ms >= deliver_ms)
            answer_accepted_wait_no_more (self);
    }
    uint64_t left = self->publisher->buffered (self->publisher);
    if (left > 0)
        log_event (LOG_WARN, "stopping with messages that no processor has acknowledged",
            "messages=%llu are=%s", (unsigned long long) left,
            self->publisher->is_durable (self->publisher) ? "in the journal" : "lost");
}

//  libmicrohttpd must not be stopped while a request is suspended.
static void
s_answer_held (worker_t *self)
{
    http_server_expire_all (self->http);
    for (int turn = 0; turn < 100 && http_server_unanswered (self->http) > 0; turn++)
        http_server_run (self->http);
}

void
worker_run (worker_t *self)
{
    while (atomic_load (self->phase) < 2)
        s_turn (self);
    s_drain (self);
    s_answer_held (self);
    watchdog_rest ();
}
