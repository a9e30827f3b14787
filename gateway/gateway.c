//  SPDX-License-Identifier: Apache-2.0
#include "gateway/gateway.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "common/process/clock.h"
#include "common/process/descriptors.h"
#include "common/process/log.h"
#include "common/process/notify.h"
#include "common/process/state_signal.h"
#include "common/process/stop_signals.h"
#include "common/process/thread.h"
#include "curve/curve.h"
#include "http/connection/listener.h"

#define DESCRIPTORS_KEPT 256  //  for sockets to processors, the journal, the log
#define CONNECTIONS_MAX 65536
#define UNREADY_US (200 * 1000)  //  /readyz answers 503 this long before the port closes

//  Return the number of connections for which there are enough descriptors.
static unsigned
s_count_connections (void)
{
    uint64_t descriptors = descriptors_raise ();
    uint64_t connections =
        descriptors > 2 * DESCRIPTORS_KEPT ? descriptors - DESCRIPTORS_KEPT : descriptors / 2;
    return (unsigned) MIN (connections, CONNECTIONS_MAX);
}

static worker_config_t
s_share (const gateway_config_t *config)
{
    worker_config_t share = config->worker;
    share.publisher.buffer = MAX (1, share.publisher.buffer / config->workers);
    share.publisher.journal_limit = MAX (1, share.publisher.journal_limit / config->workers);
    share.idle_connections /= config->workers;
    share.event_streams = (share.event_streams + config->workers - 1) / config->workers;
    share.max_connections = s_count_connections () / config->workers;
    return share;
}

//  Sample the metrics, look for changed files, and pass requests to log the state on to the
//  workers.
static void
s_wait_for_stop (const service_signals_t *signals, const worker_config_t *share,
    const curve_t *curve, atomic_uint *state_requests)
{
    struct pollfd items[] = {
        {signals->stop, POLLIN, 0}, {signals->state, POLLIN, 0}, {signals->reload, POLLIN, 0}};
    int64_t sample_at_ms = clock_ms () + GATEWAY_SAMPLE_MS;
    while (!items[0].revents) {
        (void) !poll (items, G_N_ELEMENTS (items), (int) MAX (0, sample_at_ms - clock_ms ()));
        if (items[1].revents && state_signal_take (signals->state))
            atomic_fetch_add (state_requests, 1);
        bool is_asked = items[2].revents && stop_signals_take_reload (signals->reload);
        bool is_due = clock_ms () >= sample_at_ms;
        if (share->tokens && (is_asked || is_due))
            token_keeper_look (share->tokens, is_asked);
        if (share->tls && (is_asked || is_due))
            tls_keeper_look (share->tls, is_asked);
        if (curve && is_asked)
            authenticator_ask (curve->authenticator);
        if (is_due) {
            gateway_metrics_sample (share->metrics);
            sample_at_ms = clock_ms () + GATEWAY_SAMPLE_MS;
        }
    }
}

static gateway_metrics_t *
s_new_metrics (const gateway_config_t *config)
{
    const link_publisher_config_t *publisher = &config->worker.publisher;
    bool is_journaled = publisher->journal != JOURNAL_OFF;
    return gateway_metrics_new (
        config->workers, publisher->buffer, is_journaled ? publisher->journal_limit : 0);
}

//  Warn if other machines may do everything, here or through a proxy, or may read tokens on the
//  way.
static void
s_warn (const gateway_config_t *config)
{
    const char *address = config->worker.address;
    bool is_proxied = config->proxies.proxies > 0;
    bool is_loopback = config->worker.browser.is_loopback;
    if (is_loopback && !is_proxied)
        return;
    if (!config->token_file && !config->tls.client_ca)
        log_event (LOG_WARN,
            is_loopback ? "there are no tokens: every client of the proxy may do everything"
                        : "there are no tokens: every client may do everything",
            "address=%s", address);
    else if (!config->tls.certificate && !is_proxied)
        log_event (LOG_WARN, "tokens go over the network in the clear", "address=%s advice=%s",
            address,
            "give --tls-cert and --tls-key, or put a proxy with TLS in front (--behind-proxy)");
}

//  Read the files of tokens, certificates and keys. Return false if one cannot be used; then the
//  log says why. s_close_files is due in either case.
static bool
s_open_files (const gateway_config_t *config, worker_config_t *share, curve_t **curve)
{
    share->tokens = config->token_file ? token_keeper_new (config->token_file) : NULL;
    share->tls = config->tls.certificate ? tls_keeper_new (&config->tls) : NULL;
    *curve =
        config->curve_directory ? curve_open (config->curve_directory, "gateway", false) : NULL;
    share->keys = curve_peers (*curve);
    return (!config->token_file || share->tokens) && (!config->tls.certificate || share->tls) &&
           (!config->curve_directory || *curve);
}

static void
s_close_files (worker_config_t *share, curve_t **curve)
{
    token_keeper_destroy (&share->tokens);
    tls_keeper_destroy (&share->tls);
    curve_close (curve);
}

//  Make all workers. Return false if one cannot be made; then the log says why.
static bool
s_make_workers (const gateway_config_t *config, worker_config_t *share, discovery_t *discovery,
    phase_t *phase, worker_t **workers)
{
    for (unsigned index = 0; index < config->workers; index++) {
        share->index = index;
        share->publisher.metrics = gateway_metrics_of (share->metrics, index);
        workers[index] = worker_new (share, discovery, phase);
        if (!workers[index])
            return false;
    }
    return true;
}

static void *
s_work (void *data)
{
    worker_run (data);
    return NULL;
}

//  Start the threads of the workers. Return how many run: all, unless there can be no further
//  thread.
static unsigned
s_start_workers (worker_t **workers, unsigned count, pthread_t *threads)
{
    unsigned running = 0;
    while (running < count && thread_start (&threads[running], "worker", s_work, workers[running]))
        running++;
    return running;
}

//  Serve until the signal to stop.
static void
s_serve (const gateway_config_t *config, const service_signals_t *signals,
    const worker_config_t *share, const curve_t *curve, atomic_uint *state_requests)
{
    s_warn (config);
    log_event (LOG_INFO, "listening", "address=%s port=%u workers=%u tls=%s",
        config->worker.address, (unsigned) config->worker.port, config->workers,
        share->tls ? "yes" : "no");
    notify_ready ();
    s_wait_for_stop (signals, share, curve, state_requests);
    notify_stopping ();
    stop_signals_release ();
}

//  Run the workers until the signal to stop, and until they have ended. If one of them gets no
//  thread, end the others, which may have accepted messages, in the same way. Return false then.
static bool
s_run_workers (const gateway_config_t *config, const service_signals_t *signals,
    const worker_config_t *share, const curve_t *curve, phase_t *phase, worker_t **workers,
    atomic_uint *state_requests)
{
    pthread_t *threads = g_new0 (pthread_t, config->workers);
    unsigned running = s_start_workers (workers, config->workers, threads);
    bool good = running == config->workers;
    if (good)
        s_serve (config, signals, share, curve, state_requests);
    phase_enter (phase, GATEWAY_UNREADY);
    if (good)
        g_usleep (UNREADY_US);
    phase_enter (phase, GATEWAY_STOPPING);
    for (unsigned index = 0; index < running; index++) {
        pthread_join (threads[index], NULL);
        worker_destroy (&workers[index]);
    }
    g_free (threads);
    return good;
}

//  Make the parts that all workers share, and serve. Return 0, or -1 if one of them cannot be made
//  or started.
static int
s_run (const gateway_config_t *config, const service_signals_t *signals, worker_config_t *share,
    const curve_t *curve, atomic_uint *state_requests)
{
    phase_t phase = {0};
    share->proxies = &config->proxies;
    share->metrics = s_new_metrics (config);
    share->state = served_state_new ();
    share->crowds = http_crowds_new (config->connections_per_address, &config->proxies.trusted);
    share->rates = config->rate ? rates_new (config->rate) : NULL;
    discovery_t *discovery = discovery_new (config->processors, false);
    worker_t **workers = g_new0 (worker_t *, config->workers);
    bool good = discovery && s_make_workers (config, share, discovery, &phase, workers) &&
                s_run_workers (config, signals, share, curve, &phase, workers, state_requests);
    for (unsigned index = 0; index < config->workers; index++)
        worker_destroy (&workers[index]);
    g_free (workers);
    discovery_destroy (&discovery);
    served_state_destroy (&share->state);
    http_crowds_destroy (&share->crowds);
    rates_destroy (&share->rates);
    gateway_metrics_destroy (&share->metrics);
    return good ? 0 : -1;
}

int
gateway_run (const gateway_config_t *config, const service_signals_t *signals)
{
    if (!listener_is_free (config->worker.address, config->worker.port))
        return -1;
    curve_t *curve = NULL;
    atomic_uint state_requests = 0;
    worker_config_t share = s_share (config);
    share.state_requests = &state_requests;
    int result = -1;
    if (s_open_files (config, &share, &curve))
        result = s_run (config, signals, &share, curve, &state_requests);
    s_close_files (&share, &curve);
    return result;
}
