//  SPDX-License-Identifier: Apache-2.0
#include "gateway/worker.h"

#include <errno.h>

#include "common/clock.h"
#include "common/log.h"
#include "gateway/publish_zmq.h"
#include "gateway/routes.h"

#define POLL_MAX_MS 50
#define DRAIN_MS 8000  //  stop after so long at the latest, whatever the peers do

worker_t *
worker_new (const worker_config_t *config, discovery_t *discovery, const atomic_int *phase)
{
    worker_t *self = g_new0 (worker_t, 1);
    self->config = *config;
    self->phase = phase;
    http_config_t http = {.address = config->address,
        .port = config->port,
        .max_body_bytes = config->max_body_bytes,
        .idle_connections = config->idle_connections,
        .max_connections = config->max_connections,
        .cors = config->cors,
        .handler = routes_handle,
        .context = self};
    self->http = http_server_new (&http);
    if (!self->http) {
        log_event (LOG_ERROR, "cannot listen", "address=%s port=%u reason=%s", config->address,
            (unsigned) config->port, g_strerror (errno));
        g_free (self);
        return NULL;
    }
    self->publisher = publish_zmq_new (discovery, config->buffer);
    self->directory = publish_zmq_directory (self->publisher);
    self->asker = asker_new (self->directory);
    self->reader = message_json_new (config->max_body_bytes);
    self->batch = batch_new ();
    self->json = json_writer_new ();
    self->waiting = g_queue_new ();
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
    self->publisher->destroy (&self->publisher);
    message_json_destroy (&self->reader);
    batch_destroy (&self->batch);
    json_writer_destroy (&self->json);
    g_queue_free (self->waiting);
    g_free (self);
    *self_p = NULL;
}

static void
s_wait (worker_t *self)
{
    size_t peers_count = 0;
    peer_t *const *peers = directory_peers (self->directory, &peers_count);
    socket_item_t items[1 + 2 * peers_count];
    items[0] = (socket_item_t){.fd = http_server_fd (self->http)};
    for (size_t index = 0; index < peers_count; index++) {
        items[1 + 2 * index] = (socket_item_t){.socket = peers[index]->events};
        items[2 + 2 * index] = (socket_item_t){.socket = peers[index]->queries};
    }
    //  Answering may have let further requests in, whose work must not wait.
    bool is_due = self->publisher->is_due (self->publisher) || asker_is_due (self->asker);
    int64_t timeout_ms = is_due ? 0 : MIN (http_server_timeout_ms (self->http), POLL_MAX_MS);
    socket_poll (items, 1 + 2 * peers_count, timeout_ms);
}

static void
s_turn (worker_t *self)
{
    s_wait (self);
    http_server_run (self->http);            //  requests in
    self->publisher->run (self->publisher);  //  frames out, acks back in
    asker_run (self->asker);                 //  questions out, answers back in
    post_messages_retry (self);              //  those that waited for room
    http_server_run (self->http);            //  answers out
}

//  Nothing new comes in; what was asked is answered, what was accepted is delivered.
static void
s_drain (worker_t *self)
{
    int64_t until_ms = clock_ms () + DRAIN_MS;
    http_server_stop_listening (self->http);
    while (clock_ms () < until_ms && (http_server_unanswered (self->http) > 0 ||
                                         self->publisher->buffered (self->publisher) > 0))
        s_turn (self);
    uint64_t left = self->publisher->buffered (self->publisher);
    if (left > 0)
        log_event (LOG_WARN, "stopping with messages that no processor has acknowledged",
            "messages=%llu", (unsigned long long) left);
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
}
