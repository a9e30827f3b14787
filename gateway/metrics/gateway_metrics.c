//  SPDX-License-Identifier: Apache-2.0
#include "gateway/metrics/gateway_metrics.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>

#include "common/process/clock.h"

#define SAMPLES 10

typedef struct {
    durations_t latencies[LATENCIES_COUNT];
} sample_t;

struct gateway_metrics {
    unsigned workers;
    uint64_t buffer_limit;
    uint64_t journal_limit;
    worker_metrics_t **sets;  //  one a worker
    int64_t started_ms;
    pthread_mutex_t mutex;      //  guards the members below
    sample_t samples[SAMPLES];  //  a ring
    unsigned oldest;            //  of the samples; the next to be overwritten
};

gateway_metrics_t *
gateway_metrics_new (unsigned workers, uint64_t buffer_limit, uint64_t journal_limit)
{
    gateway_metrics_t *self = g_new0 (gateway_metrics_t, 1);
    self->workers = workers;
    self->buffer_limit = buffer_limit;
    self->journal_limit = journal_limit;
    self->started_ms = clock_ms ();
    self->sets = g_new0 (worker_metrics_t *, workers);
    for (unsigned worker = 0; worker < workers; worker++)
        self->sets[worker] = g_new0 (worker_metrics_t, 1);
    pthread_mutex_init (&self->mutex, NULL);
    return self;
}

void
gateway_metrics_destroy (gateway_metrics_t **self_p)
{
    gateway_metrics_t *self = *self_p;
    if (!self)
        return;
    for (unsigned worker = 0; worker < self->workers; worker++)
        g_free (self->sets[worker]);
    g_free (self->sets);
    pthread_mutex_destroy (&self->mutex);
    g_free (self);
    *self_p = NULL;
}

worker_metrics_t *
gateway_metrics_of (gateway_metrics_t *self, unsigned worker)
{
    return self->sets[worker];
}

//  Reasons are literals of the program, so there are few; a new one takes the next place.
static void
s_count_reason (worker_metrics_t *self, const char *reason)
{
    for (size_t index = 0; index < REASONS_MAX; index++) {
        const char *name = atomic_load_explicit (&self->reasons[index].name, memory_order_relaxed);
        if (!name)
            atomic_store_explicit (&self->reasons[index].name, reason, memory_order_release);
        else if (strcmp (name, reason) != 0)
            continue;
        counter_add (&self->reasons[index].count, 1);
        return;
    }
}

void
worker_metrics_answered (
    worker_metrics_t *self, route_t route, unsigned status, const char *reason, int64_t us)
{
    bool is_of_rockets = route == ROUTE_ROCKETS || route == ROUTE_ROCKET;
    unsigned place = CLAMP (status, STATUSES_MIN, STATUSES_MAX) - STATUSES_MIN;
    counter_add (&self->answers[route][place], 1);
    if (reason)
        s_count_reason (self, reason);
    if (route == ROUTE_MESSAGES && !reason)
        histogram_add (&self->latencies[LATENCY_accept], us, 1);
    if (is_of_rockets && status < 500)
        histogram_add (&self->latencies[LATENCY_query], us, 1);
}

static void
s_add_latencies (const gateway_metrics_t *self, durations_t *latencies)
{
    for (unsigned worker = 0; worker < self->workers; worker++)
        for (unsigned latency = 0; latency < LATENCIES_COUNT; latency++)
            durations_add (&latencies[latency], &self->sets[worker]->latencies[latency]);
}

void
gateway_metrics_sample (gateway_metrics_t *self)
{
    pthread_mutex_lock (&self->mutex);
    sample_t *sample = &self->samples[self->oldest];
    memset (sample, 0, sizeof *sample);
    s_add_latencies (self, sample->latencies);
    self->oldest = (self->oldest + 1) % SAMPLES;
    pthread_mutex_unlock (&self->mutex);
}

static void
s_add_reason (gateway_totals_t *totals, const char *name, uint64_t count)
{
    for (size_t index = 0; index < REASONS_MAX; index++) {
        if (totals->reasons[index].name && strcmp (totals->reasons[index].name, name) != 0)
            continue;
        totals->reasons[index].name = name;
        totals->reasons[index].count += count;
        return;
    }
}

static void
s_add_answers (gateway_totals_t *totals, worker_metrics_t *set)
{
    for (unsigned route = 0; route < ROUTES_COUNT; route++)
        for (unsigned place = 0; place < G_N_ELEMENTS (set->answers[0]); place++)
            totals->answers[route][place] += counter_get (&set->answers[route][place]);
    for (size_t index = 0; index < REASONS_MAX; index++) {
        const char *name = atomic_load_explicit (&set->reasons[index].name, memory_order_acquire);
        if (!name)
            return;
        s_add_reason (totals, name, counter_get (&set->reasons[index].count));
    }
}

static void
s_add_lag (gateway_totals_t *totals, const worker_metrics_t *set, int64_t now_us)
{
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++) {
        uint64_t messages = counter_get (&set->lag_messages[partition]);
        int64_t oldest_us = (int64_t) counter_get (&set->oldest_us[partition]);
        totals->lag_messages[partition] += messages;
        //  The time is written less often than the messages are.
        if (messages > 0 && oldest_us > 0 && oldest_us < now_us)
            totals->lag_seconds[partition] =
                MAX (totals->lag_seconds[partition], (double) (now_us - oldest_us) / 1e6);
    }
}

gateway_totals_t *
gateway_metrics_sum (gateway_metrics_t *self)
{
    gateway_totals_t *totals = g_new0 (gateway_totals_t, 1);
    totals->workers = self->workers;
    totals->buffer_limit = self->buffer_limit;
    totals->journal_limit = self->journal_limit;
    totals->uptime_ms = (uint64_t) (clock_ms () - self->started_ms);
    for (unsigned worker = 0; worker < self->workers; worker++) {
        worker_metrics_t *set = self->sets[worker];
#define X(field, kind, name, help) totals->field += counter_get (&set->field);
        GATEWAY_COUNTERS (X)
#undef X
        for (unsigned fault = 0; fault < TLS_FAULTS; fault++)
            totals->tls_failed[fault] += counter_get (&set->tls_failed[fault]);
        totals->bus_trip_us = MAX (totals->bus_trip_us, counter_get (&set->bus_trip_us));
        s_add_answers (totals, set);
        s_add_lag (totals, set, clock_us ());
    }
    pthread_mutex_lock (&self->mutex);
    s_add_latencies (self, totals->latencies);
    for (unsigned latency = 0; latency < LATENCIES_COUNT; latency++) {
        totals->recent[latency] = totals->latencies[latency];
        durations_subtract (
            &totals->recent[latency], &self->samples[self->oldest].latencies[latency]);
    }
    pthread_mutex_unlock (&self->mutex);
    return totals;
}

const char *
route_name (route_t route)
{
    static const char *const names[] = {
#define X(route, name) name,
        GATEWAY_ROUTES (X)
#undef X
    };
    return names[route];
}
