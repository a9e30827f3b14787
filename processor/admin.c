//  SPDX-License-Identifier: Apache-2.0
#include "processor/admin.h"

#include <string.h>

#include "common/process/log.h"
#include "common/process/prometheus_text.h"
#include "http/answers.h"
#include "http/connection/listener.h"
#include "http/http_server.h"

#define BODY_MAX_BYTES 4096
#define CONNECTIONS_MAX 64
#define CONNECTIONS_IDLE 16

//  Strangers that send or read slowly hold up no probe.
#define IDLE_MS 5000
#define HEAD_MS 1000
#define TAKE_MS 1000

struct admin {
    http_server_t *http;
    const shards_t *shards;
    processor_phase_t phase;
};

static void
s_write_counters (prometheus_text_t *text, const shards_t *shards)
{
#define X(field, name, prometheus, help)                                                           \
    prometheus_single (text, PROMETHEUS_COUNTER, prometheus, help, shards->counters.field);
    PROCESSOR_COUNTERS (X)
#undef X
    prometheus_single (text, PROMETHEUS_COUNTER, "log_lines_dropped_total",
        "Lines of the log that were dropped because its reader took none.", log_dropped ());
#define X(field, name, help)                                                                       \
    {                                                                                              \
        durations_t durations = {0};                                                               \
        durations_add (&durations, &shards->latencies.field);                                      \
        prometheus_durations (text, name, help, &durations);                                       \
    }
    PROCESSOR_LATENCIES (X)
#undef X
}

//  A gauge of a partition that this processor owns.
typedef uint64_t (shard_number_fn) (const shard_t *shard);

static uint64_t
s_epoch (const shard_t *shard)
{
    return shard_owned (shard).epoch;
}

static uint64_t
s_rockets (const shard_t *shard)
{
    return shard_size (shard);
}

static uint64_t
s_forgotten (const shard_t *shard)
{
    return shard_forgotten (shard);
}

static uint64_t
s_unsaved (const shard_t *shard)
{
    return changes_unsaved (shard_changes (shard));
}

static void
s_write_partitions (prometheus_text_t *text, const shards_t *shards)
{
    static const struct {
        shard_number_fn *number;
        const char *name;
        const char *help;
    } metrics[] = {
        {s_epoch, "partition_epoch", "The epoch under which a partition is owned here."},
        {s_rockets, "partition_rockets", "Rockets in a partition that is owned here."},
        {s_forgotten, "partition_forgotten_rockets",
            "Forgotten rockets whose late messages are ignored."},
        {s_unsaved, "partition_unsaved_messages",
            "Messages that were folded into rockets of the partition and are not saved yet."},
    };
    owned_t owned[PARTITIONS_MAX];
    uint32_t count = shards_owned (shards, owned);
    prometheus_single (text, PROMETHEUS_GAUGE, "partitions", "Partitions that there are in all.",
        shards->partitions);
    prometheus_single (
        text, PROMETHEUS_GAUGE, "owned_partitions", "Partitions that are owned here.", count);
    prometheus_single (text, PROMETHEUS_GAUGE, "full",
        "1 if this processor holds as many rockets as it may: gateways refuse new ones.",
        shards->is_full);
    prometheus_single (text, PROMETHEUS_GAUGE, "rockets_limit",
        "Rockets that it may hold (--rockets); 0: any number.", shards->rockets_limit);
    prometheus_single (text, PROMETHEUS_GAUGE, "members",
        "Processors that share the partitions, this one included.", shards->members_count);
    for (size_t index = 0; index < G_N_ELEMENTS (metrics); index++) {
        prometheus_begin (text, PROMETHEUS_GAUGE, metrics[index].name, metrics[index].help);
        for (uint32_t place = 0; place < count; place++) {
            char label[12];
            g_snprintf (label, sizeof label, "%u", owned[place].partition);
            prometheus_count (text, metrics[index].number (shards->shards[owned[place].partition]),
                one_label ("partition", label));
        }
    }
}

static void
s_write_store (prometheus_text_t *text, const store_health_t *store)
{
    prometheus_single (text, PROMETHEUS_GAUGE, "store_away",
        "1 if the store does not answer at the moment: nothing is saved.", store->is_away);
    prometheus_begin (text, PROMETHEUS_GAUGE, "store_info",
        "1; the kind of the store, and the place where a saved rocket is safe.");
    prometheus_count (text, 1, (labels_t){"kind", store->kind, "saved_on", store->saved_on});
}

//  Write the lag of each owned partition behind a bus that keeps messages, as far as it is known.
static void
s_write_lags (prometheus_text_t *text, const shards_t *shards)
{
    owned_t owned[PARTITIONS_MAX];
    uint32_t count = shards_owned (shards, owned);
    for (int which = 0; which < 2; which++) {
        prometheus_begin (text, PROMETHEUS_GAUGE,
            which == 0 ? "partition_lag_messages" : "partition_lag_milliseconds",
            which == 0 ? "Records in the topic that are not saved yet."
                       : "Age of the oldest of them, as far as it is known.");
        for (uint32_t index = 0; index < count; index++) {
            const lag_t *lag = &shards->lags[owned[index].partition];
            if (!lag->is_known)
                continue;
            char label[12];
            g_snprintf (label, sizeof label, "%u", owned[index].partition);
            prometheus_count (
                text, which == 0 ? lag->messages : lag->age_ms, one_label ("partition", label));
        }
    }
}

static void
s_write_bus (prometheus_text_t *text, const shards_t *shards)
{
    const bus_health_t *bus = &shards->bus;
    prometheus_begin (text, PROMETHEUS_GAUGE, "bus_info", "1; the kind of the bus, and its topic.");
    prometheus_count (
        text, 1, (labels_t){"kind", bus->kind, "topic", bus->topic ? bus->topic : ""});
    prometheus_single (text, PROMETHEUS_GAUGE, "bus_away",
        "1 if the bus does not answer at the moment: nothing is read.", bus->is_away);
    if (!bus->topic)
        return;
    s_write_lags (text, shards);
    prometheus_single (text, PROMETHEUS_GAUGE, "dead_letters_waiting",
        "Refused records that are not written to the topic of dead letters yet.",
        bus->dead_letters_waiting);
    prometheus_single (text, PROMETHEUS_GAUGE, "bus_brokers_up",
        "Brokers that this processor is connected to.", bus->brokers_up);
    prometheus_single (text, PROMETHEUS_COUNTER, "bus_received_bytes_total",
        "Bytes that the brokers sent.", bus->received_bytes);
}

static void
s_answer_metrics (const admin_t *self, http_request_t *request)
{
    prometheus_text_t *text = prometheus_text_new ("downlink_processor_");
    s_write_counters (text, self->shards);
    s_write_partitions (text, self->shards);
    s_write_store (text, &self->shards->store);
    s_write_bus (text, self->shards);
    prometheus_process (text);
    http_answer (request, &(http_response_t){.status = 200,
                              .content_type = PROMETHEUS_CONTENT_TYPE,
                              .body = prometheus_text (text)});
    prometheus_text_destroy (&text);
}

static void
s_answer_status (http_request_t *request, const char *body)
{
    answer_json (request, 200, text_from (body));
}

static void
s_answer_ready (const admin_t *self, http_request_t *request)
{
    static const char *const details[] = {
        [PROCESSOR_LOADING] = "this processor is loading its rockets",
        [PROCESSOR_STOPPING] = "this processor is stopping"};
    const char *detail = details[self->phase];
    if (detail)
        answer_problem (request, 503, "not-ready", detail);
    else
        s_answer_status (request, "{\"status\":\"ready\"}");
}

static void
s_handle (void *context, http_request_t *request)
{
    const admin_t *self = context;
    const char *method = http_request_method (request);
    const char *path = http_request_target (request);
    bool is_get = strcmp (method, "GET") == 0 || strcmp (method, "HEAD") == 0;
    bool is_live = strcmp (path, "/livez") == 0 || strcmp (path, "/healthz") == 0;
    bool is_ready = strcmp (path, "/readyz") == 0;
    bool is_metrics = strcmp (path, "/metrics") == 0;
    if (!is_live && !is_ready && !is_metrics)
        answer_problem (request, 404, "not-found", "there are /metrics, /livez and /readyz here");
    else if (!is_get)
        answer_problem_with (request, &(problem_t){.status = 405,
                                          .name = "method-not-allowed",
                                          .detail = "this path does not know that method",
                                          .allow = "GET, HEAD"});
    else if (is_metrics)
        s_answer_metrics (self, request);
    else if (is_ready)
        s_answer_ready (self, request);
    else
        s_answer_status (request, "{\"status\":\"alive\"}");
}

//  Answer a request with a body at once: no path here reads one.
static bool
s_admit (void *context, http_request_t *request)
{
    s_handle (context, request);
    return false;
}

admin_t *
admin_new (const listen_address_t *address, const shards_t *shards)
{
    if (!listener_is_free (address->host, address->port))
        return NULL;
    admin_t *self = g_new0 (admin_t, 1);
    self->shards = shards;
    self->http = http_server_new (&(http_config_t){.address = address->host,
        .port = address->port,
        .max_body_bytes = BODY_MAX_BYTES,
        .body_too_large = "the body is larger than this port takes",
        .idle_connections = CONNECTIONS_IDLE,
        .max_connections = CONNECTIONS_MAX,
        .times = {.idle_ms = IDLE_MS, .head_ms = HEAD_MS, .take_ms = TAKE_MS},
        .handler = s_handle,
        .admit = s_admit,
        .context = self});
    if (!self->http)
        g_clear_pointer (&self, g_free);
    return self;
}

void
admin_destroy (admin_t **self_p)
{
    admin_t *self = *self_p;
    if (!self)
        return;
    http_server_destroy (&self->http);
    g_free (self);
    *self_p = NULL;
}

int
admin_fd (const admin_t *self)
{
    return self ? http_server_fd (self->http) : -1;
}

int64_t
admin_timeout_ms (admin_t *self)
{
    return self ? http_server_timeout_ms (self->http) : INT64_MAX;
}

void
admin_run (admin_t *self)
{
    if (self)
        http_server_run (self->http);
}

void
admin_set_phase (admin_t *self, processor_phase_t phase)
{
    if (self)
        self->phase = phase;
}
