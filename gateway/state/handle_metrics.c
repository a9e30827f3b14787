//  GET /metrics: the counters of this gateway and this worker's view of the processors, for
//  Prometheus.
//  SPDX-License-Identifier: Apache-2.0
#include "common/process/log.h"
#include "common/process/prometheus_text.h"
#include "gateway/delivery/publisher.h"
#include "gateway/link/link.h"
#include "gateway/owners/directory.h"
#include "gateway/state/handle_state.h"
#include "http/answers.h"

#define COUNTER PROMETHEUS_COUNTER
#define GAUGE PROMETHEUS_GAUGE

static void
s_write_counters (prometheus_text_t *text, const gateway_totals_t *totals)
{
#define X(field, kind, name, help) prometheus_single (text, kind, name, help, totals->field);
    GATEWAY_COUNTERS (X)
#undef X
#define X(field, name, help)                                                                       \
    prometheus_durations (text, name, help, &totals->latencies[LATENCY_##field]);
    GATEWAY_LATENCIES (X)
#undef X
    prometheus_single (text, GAUGE, "buffer_limit_messages",
        "Messages that may be accepted and not saved.", totals->buffer_limit);
    prometheus_single (text, GAUGE, "journal_limit_bytes",
        "Bytes of messages that the journals may hold; 0 without journals.", totals->journal_limit);
    prometheus_single (text, COUNTER, "log_lines_dropped_total",
        "Lines of the log that were dropped because its reader took none.", log_dropped ());
    prometheus_single (text, GAUGE, "workers", "Threads that answer and deliver.", totals->workers);
}

static void
s_write_bus (prometheus_text_t *text, const link_t *link, const gateway_totals_t *totals)
{
    prometheus_begin (text, GAUGE, "bus_round_trip_seconds",
        "The slowest broker's 99th percentile of the times from a request to its answer; 0 with "
        "--bus=zmq.");
    prometheus_real (
        text, (double) totals->bus_trip_us / 1e6, one_label ("bus", link->condition (link).bus));
}

static void
s_write_requests (prometheus_text_t *text, const gateway_totals_t *totals)
{
    prometheus_begin (
        text, COUNTER, "http_requests_total", "Requests that were answered, by call and status.");
    for (unsigned route = 0; route < ROUTES_COUNT; route++) {
        for (unsigned place = 0; place < G_N_ELEMENTS (totals->answers[route]); place++) {
            char status[8];
            g_snprintf (status, sizeof status, "%u", STATUSES_MIN + place);
            if (totals->answers[route][place] > 0)
                prometheus_count (text, totals->answers[route][place],
                    (labels_t){"route", route_name ((route_t) route), "status", status});
        }
    }
    prometheus_begin (text, COUNTER, "refused_requests_total",
        "Requests that were answered with a problem, by its name.");
    for (size_t index = 0; index < REASONS_MAX && totals->reasons[index].name; index++)
        prometheus_count (
            text, totals->reasons[index].count, one_label ("reason", totals->reasons[index].name));
}

static void
s_write_tls (prometheus_text_t *text, tls_keeper_t *tls, const gateway_totals_t *totals)
{
    prometheus_begin (text, COUNTER, "tls_failed_handshakes_total",
        "Handshakes of TLS that failed, by the reason.");
    for (unsigned fault = 0; fault < TLS_FAULTS; fault++)
        prometheus_count (text, totals->tls_failed[fault],
            one_label ("reason", tls_fault_name ((tls_fault_t) fault)));
    prometheus_single (text, GAUGE, "tls_certificate_end_seconds",
        "When the certificate ends, in seconds since 1970; 0 without TLS.",
        tls ? (uint64_t) tls_keeper_ends_s (tls) : 0);
}

static void
s_write_processors (prometheus_text_t *text, const directory_t *directory)
{
    size_t count = 0;
    peer_t *const *peers = directory_peers (directory, &count);
    prometheus_begin (text, GAUGE, "processor_up",
        "1 if the processor at that address has announced itself within two seconds.");
    for (size_t index = 0; index < count; index++) {
        char address[ADDRESS_TEXT_SIZE];
        address_print (&peers[index]->address, address);
        prometheus_count (text, peers[index]->is_known, one_label ("address", address));
    }
    prometheus_single (text, GAUGE, "unowned_partitions",
        "Partitions without an owner; 1 while their number is not known.",
        directory_unowned (directory));
    alarms_t alarms = directory_alarms (directory);
    prometheus_single (text, GAUGE, "refused_processors",
        "Processors of another state than the one that this gateway serves.",
        alarms.refused_processors);
    prometheus_single (text, GAUGE, "contested_partitions",
        "Partitions that two processors claim at the same time.", alarms.contested_partitions);
    prometheus_single (text, GAUGE, "implausible_claims",
        "Claims of a partition under an epoch that cannot be: they are not believed.",
        alarms.implausible_claims);
    prometheus_single (text, GAUGE, "unlisted_processors",
        "Processors that share the served state and are not in --processors: messages for their "
        "partitions wait.",
        alarms.unlisted_processors);
    prometheus_single (text, GAUGE, "away_stores",
        "Processors whose store does not answer: messages for their partitions wait.",
        alarms.away_stores);
    prometheus_single (text, GAUGE, "full_processors",
        "Processors that hold as many rockets as they may: messages of new ones are refused.",
        alarms.full_processors);
}

//  Write the metrics of a partition.
typedef double (partition_fn) (
    const directory_t *directory, const gateway_totals_t *totals, uint32_t partition);

static double
s_is_owned (const directory_t *directory, const gateway_totals_t *totals, uint32_t partition)
{
    (void) totals;
    return directory_owner (directory, partition) != NULL;
}

static double
s_epoch (const directory_t *directory, const gateway_totals_t *totals, uint32_t partition)
{
    (void) totals;
    return (double) directory_epoch (directory, partition);
}

static double
s_lag_messages (const directory_t *directory, const gateway_totals_t *totals, uint32_t partition)
{
    (void) directory;
    return (double) totals->lag_messages[partition];
}

static double
s_lag_seconds (const directory_t *directory, const gateway_totals_t *totals, uint32_t partition)
{
    (void) directory;
    return totals->lag_seconds[partition];
}

static void
s_write_partitions (
    prometheus_text_t *text, const directory_t *directory, const gateway_totals_t *totals)
{
    static const struct {
        partition_fn *value;
        const char *name;
        const char *help;
    } metrics[] = {
        {s_is_owned, "partition_owned", "1 if the partition has an owner."},
        {s_epoch, "partition_epoch", "The epoch of its owner; 0 without one."},
        {s_lag_messages, "partition_lag_messages",
            "Messages that this gateway has accepted for it and that are not saved yet."},
        {s_lag_seconds, "partition_lag_seconds", "How long ago the oldest of them came."},
    };
    for (size_t index = 0; index < G_N_ELEMENTS (metrics); index++) {
        prometheus_begin (text, GAUGE, metrics[index].name, metrics[index].help);
        for (uint32_t partition = 0; partition < directory_partitions (directory); partition++) {
            char label[12];
            g_snprintf (label, sizeof label, "%u", partition);
            prometheus_real (text, metrics[index].value (directory, totals, partition),
                one_label ("partition", label));
        }
    }
}

void
handle_metrics (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) target;
    gateway_totals_t *totals = gateway_metrics_sum (parts->gateway_metrics);
    prometheus_text_t *text = prometheus_text_new ("downlink_gateway_");
    s_write_counters (text, totals);
    s_write_bus (text, parts->link, totals);
    s_write_requests (text, totals);
    s_write_tls (text, parts->tls, totals);
    s_write_processors (text, parts->directory);
    s_write_partitions (text, parts->directory, totals);
    prometheus_process (text);
    http_answer (request, &(http_response_t){.status = 200,
                              .content_type = PROMETHEUS_CONTENT_TYPE,
                              .body = prometheus_text (text)});
    prometheus_text_destroy (&text);
    g_free (totals);
}
