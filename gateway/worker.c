//  SPDX-License-Identifier: Apache-2.0
#include "gateway/worker.h"

#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "common/process/watchdog.h"
#include "gateway/events/event_streams.h"
#include "gateway/intake/intake.h"
#include "gateway/owners/directory.h"
#include "gateway/queries/asker.h"
#include "gateway/routes.h"
#include "http/http_server.h"

#define POLL_MAX_MS 50
#define DRAIN_MS 8000          //  longest time of a stop
#define DRAIN_IDLE_MS 500      //  time for clients of idle connections to learn of a stop
#define DRAIN_DURABLE_MS 2000  //  longest wait for acks of messages that are in a journal

struct worker {
    worker_metrics_t *metrics;  //  its own
    directory_t *directory;
    publisher_t *publisher;
    asker_t *asker;
    link_t *link;  //  of the publisher
    event_streams_t *streams;
    newcomers_t *newcomers;
    intake_t *intake;
    json_writer_t *json;
    access_t access;
    routes_t routes;
    http_server_t *http;
    const phase_t *phase;
    unsigned index;
    const atomic_uint *state_requests;
    unsigned states_logged;  //  number of state requests that led to a log line
};

static void
s_new_parts (worker_t *self, const worker_config_t *config)
{
    self->asker = asker_new (self->directory);
    self->json = json_writer_new ();
    self->streams =
        event_streams_new (config->event_streams, self->directory, self->asker, self->json);
    self->newcomers = newcomers_new (self->directory, self->asker);
    intake_tools_t tools = {.publisher = self->publisher,
        .newcomers = self->newcomers,
        .json = self->json,
        .metrics = self->metrics,
        .overflow = config->overflow,
        .wait_ms = config->wait_ms};
    self->intake = intake_new (&tools, config->max_body_bytes);
    access_init (&self->access, config->tokens);
    self->routes = (routes_t){.parts = {.intake = self->intake,
                                  .publisher = self->publisher,
                                  .link = self->link,
                                  .directory = self->directory,
                                  .asker = self->asker,
                                  .streams = self->streams,
                                  .json = self->json,
                                  .gateway_metrics = config->metrics,
                                  .access = &self->access,
                                  .proxies = config->proxies,
                                  .tls = config->tls,
                                  .phase = self->phase},
        .metrics = self->metrics,
        .browser = config->browser,
        .rates = config->rates,
        .webhook = config->webhook};
}

static http_server_t *
s_new_http (worker_t *self, const worker_config_t *config)
{
    http_config_t http = {.address = config->address,
        .port = config->port,
        .max_body_bytes = config->max_body_bytes,
        .body_too_large = "the body is larger than this gateway takes (--max-body)",
        .idle_connections = config->idle_connections,
        .max_connections = config->max_connections,
        .crowds = config->crowds,
        .times = config->times,
        .tls = config->tls,
        .cors = config->browser.cors,
        .handler = routes_handle,
        .caller = config->proxies->proxies > 0 ? routes_caller : NULL,
        .admit = config->tokens || config->rates ? routes_admit : NULL,
        .takes_pieces = routes_take_pieces,
        .piece = routes_piece,
        .answered = routes_answered,
        .context = &self->routes};
    return http_server_new (&http);
}

worker_t *
worker_new (const worker_config_t *config, discovery_t *discovery, const phase_t *phase)
{
    worker_t *self = g_new0 (worker_t, 1);
    self->phase = phase;
    self->index = config->index;
    self->state_requests = config->state_requests;
    self->metrics = config->publisher.metrics;
    self->directory = directory_new (discovery, config->state, config->keys);
    self->link = choose_link (&(link_setup_t){.choice = &config->bus,
        .directory = self->directory,
        .metrics = self->metrics,
        .is_patient = config->publisher.journal != JOURNAL_OFF});
    if (self->link)
        self->publisher = link_publisher_new (&config->publisher, self->directory, self->link);
    if (self->publisher) {
        s_new_parts (self, config);
        self->http = s_new_http (self, config);
    }
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
    intake_destroy (&self->intake);
    newcomers_destroy (&self->newcomers);
    asker_destroy (&self->asker);
    event_streams_destroy (&self->streams);
    if (self->publisher)
        self->publisher->destroy (&self->publisher);
    if (self->link)
        self->link->destroy (&self->link);
    directory_destroy (&self->directory);
    json_writer_destroy (&self->json);
    access_clear (&self->access);
    g_free (self);
    *self_p = NULL;
}

static void
s_wait (worker_t *self)
{
    size_t peers_count = 0;
    peer_t *const *peers = directory_peers (self->directory, &peers_count);
    size_t streams_count = event_streams_items_count (self->streams);
    socket_item_t items[3 + 3 * peers_count + streams_count];
    size_t count = 0;
    items[count++] = (socket_item_t){.fd = http_server_fd (self->http)};
    if (self->publisher->fd (self->publisher) >= 0)
        items[count++] = (socket_item_t){.fd = self->publisher->fd (self->publisher)};
    if (self->link->fd (self->link) >= 0)
        items[count++] = (socket_item_t){.fd = self->link->fd (self->link)};
    for (size_t index = 0; index < peers_count; index++) {
        items[count++] = (socket_item_t){.socket = peers[index]->events};
        items[count++] = (socket_item_t){.socket = peers[index]->queries};
        items[count++] = (socket_item_t){.socket = peers[index]->lists};
    }
    event_streams_items (self->streams, items + count);
    count += streams_count;
    //  Answers make room for requests that wait, so do not sleep for long.
    int64_t timeout_ms = MIN (http_server_timeout_ms (self->http), POLL_MAX_MS);
    bool is_due = asker_is_due (self->asker) || intake_is_due (self->intake);
    timeout_ms = is_due ? 0 : MIN (timeout_ms, event_streams_timeout_ms (self->streams));
    int64_t timeout_us = MIN (1000 * timeout_ms, self->publisher->timeout_us (self->publisher));
    socket_poll_us (items, count, MIN (timeout_us, self->link->timeout_us (self->link)));
}

static void
s_measure (worker_t *self)
{
    http_usage_t usage = http_server_usage (self->http);
    counter_set (&self->metrics->connections, usage.open);
    counter_set (&self->metrics->idle, usage.idle);
    counter_set (&self->metrics->streams, event_streams_count (self->streams));
    counter_set (&self->metrics->timeouts, usage.timeouts);
    counter_set (&self->metrics->crowded, usage.crowded);
    counter_set (&self->metrics->tls_connections, usage.tls_open);
    counter_set (&self->metrics->tls_handshakes, usage.tls_agreed);
    counter_set (&self->metrics->tls_hellos, usage.tls_hellos);
    for (unsigned fault = 0; fault < TLS_FAULTS; fault++)
        counter_set (&self->metrics->tls_failed[fault], usage.tls_failed[fault]);
    counter_set (&self->metrics->waiting, intake_waiting (self->intake));
}

//  Return the age of the oldest message that no processor has saved, in milliseconds.
static uint64_t
s_lag_ms (const worker_t *self)
{
    uint64_t now_us = (uint64_t) clock_us ();
    uint64_t lag_us = 0;
    uint32_t partitions = directory_partitions (self->directory);
    for (uint32_t partition = 0; partition < partitions; partition++) {
        uint64_t oldest_us = counter_get (&self->metrics->oldest_us[partition]);
        if (oldest_us > 0 && oldest_us < now_us)
            lag_us = MAX (lag_us, now_us - oldest_us);
    }
    return lag_us / 1000;
}

//  Log one line about everything that waits in this worker, after each SIGUSR1.
static void
s_log_state (worker_t *self)
{
    unsigned requests = atomic_load_explicit (self->state_requests, memory_order_relaxed);
    if (requests == self->states_logged)
        return;
    self->states_logged = requests;
    size_t peers_count = 0;
    unsigned up = 0;
    peer_t *const *peers = directory_peers (self->directory, &peers_count);
    for (size_t index = 0; index < peers_count; index++)
        up += peers[index]->is_known;
    const worker_metrics_t *metrics = self->metrics;
    log_event (LOG_INFO, "state",
        "worker=%u connections=%llu idle=%llu unanswered=%u waiting=%llu event_streams=%llu "
        "buffered=%llu lag_ms=%llu journal_bytes=%llu set_aside=%llu is_full=%s disk_full=%s "
        "processors_up=%u processors=%zu unowned_partitions=%u queries_due=%s",
        self->index, (unsigned long long) counter_get (&metrics->connections),
        (unsigned long long) counter_get (&metrics->idle),
        (unsigned) http_server_unanswered (self->http),
        (unsigned long long) counter_get (&metrics->waiting),
        (unsigned long long) counter_get (&metrics->streams),
        (unsigned long long) self->publisher->buffered (self->publisher),
        (unsigned long long) s_lag_ms (self),
        (unsigned long long) counter_get (&metrics->journal_bytes),
        (unsigned long long) counter_get (&metrics->set_aside),
        self->publisher->is_full (self->publisher) ? "yes" : "no",
        self->publisher->is_disk_full (self->publisher) ? "yes" : "no", up, peers_count,
        (unsigned) directory_unowned (self->directory), asker_is_due (self->asker) ? "yes" : "no");
}

static void
s_turn (worker_t *self)
{
    watchdog_feed ("worker");
    s_wait (self);
    if (access_refresh (&self->access))
        event_streams_turn_out (self->streams);  //  clients come back, with tokens that are good
    http_server_run (self->http);                //  requests in
    directory_run (self->directory);             //  announcements and acks in
    self->publisher->run (self->publisher);      //  into the journal; frames out
    size_t answered = intake_answer (self->intake);  //  requests whose messages are kept
    watchdog_feed ("worker");
    event_streams_run (self->streams);  //  updates in, to the streams
    watchdog_feed ("worker");
    asker_run (self->asker);      //  queries out, replies in
    intake_retry (self->intake);  //  requests that waited for room, or to be read
    //  Answers out: the first run hands them over, the second one writes them.
    for (int run = 0; run < 2 && http_server_timeout_ms (self->http) == 0; run++) {
        watchdog_feed ("worker");
        http_server_run (self->http);
    }
    s_measure (self);
    s_log_state (self);
    if (answered > 0)
        FAILPOINT ("answer-after");
}

//  Return true while a drain has something to wait for. An idle connection gets some time, because
//  its client may be sending a request just now: the answer says that it is the last one.
static bool
s_is_draining (worker_t *self, int64_t spent_ms, int64_t deliver_ms)
{
    return http_server_unanswered (self->http) > 0 ||
           (spent_ms < DRAIN_IDLE_MS && http_server_usage (self->http).idle > 0) ||
           (spent_ms < deliver_ms && self->publisher->buffered (self->publisher) > 0);
}

//  Return the fate of messages that the bus does not have at the end.
static const char *
s_fate (const worker_t *self)
{
    if (self->publisher->is_durable (self->publisher))
        return "in the journal";
    //  Without a journal a request is answered when its messages are carried.
    return self->link->is_carried_when_saved ? "lost" : "refused with 503";
}

//  Accept no new connections, answer the open ones, deliver the accepted messages.
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
           s_is_draining (self, spent_ms, deliver_ms)) {
        s_turn (self);
        if (spent_ms >= deliver_ms)
            intake_wait_no_more (self->intake);
    }
    uint64_t left = self->publisher->buffered (self->publisher);
    if (left > 0)
        log_event (LOG_WARN, "stopping with messages that no processor has acknowledged",
            "messages=%llu are=%s", (unsigned long long) left, s_fate (self));
}

//  Answer all held requests, since libmicrohttpd must not be stopped while a request is suspended.
static void
s_answer_held (worker_t *self)
{
    http_server_expire_all (self->http);
    for (int turn = 0; turn < 100 && http_server_unanswered (self->http) > 0; turn++) {
        http_server_run (self->http);
        http_server_expire_all (self->http);  //  a run may have brought more
    }
}

void
worker_run (worker_t *self)
{
    while (phase_get (self->phase) != GATEWAY_STOPPING)
        s_turn (self);
    s_drain (self);
    s_answer_held (self);
    watchdog_rest ();
}
