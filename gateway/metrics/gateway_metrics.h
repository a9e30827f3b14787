//  The counters of a gateway. Each worker has a set that only this worker writes. Any thread may
//  sum the sets of all workers, without waiting.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_GATEWAY_METRICS_H
#define DOWNLINK_GATEWAY_METRICS_H

#include <stdbool.h>

#include "common/domain/partition.h"
#include "common/process/metrics.h"
#include "http/tls/tls_wire.h"

//  The list of counters: field, kind, name for Prometheus, help.
#define GATEWAY_COUNTERS(X)                                                                        \
    X (accepted, COUNTER, "accepted_messages_total",                                               \
        "Messages that were answered with 202 or 200.")                                            \
    X (refused, COUNTER, "refused_messages_total",                                                 \
        "Messages that were refused because something is wrong with them.")                        \
    X (dropped, COUNTER, "dropped_messages_total",                                                 \
        "Messages that were dropped because the buffer was full (overflow drop).")                 \
    X (saved, COUNTER, "saved_messages_total", "Messages that a processor has said it has saved.") \
    X (resent, COUNTER, "resent_messages_total", "Messages that were sent to a processor again.")  \
    X (foreign_acks, COUNTER, "foreign_acks_total",                                                \
        "Acks that do not count: of another frame, or of a processor it was not sent to.")         \
    X (frames, COUNTER, "sent_frames_total", "Frames that were sent to processors, again or not.") \
    X (quick_rounds, COUNTER, "journal_quick_rounds_total",                                        \
        "Rounds of the journal that the loop wrote itself, because the disk was quick.")           \
    X (bus_records, COUNTER, "bus_records_total", "Records that the brokers of the bus have.")     \
    X (bus_bytes, COUNTER, "bus_bytes_total",                                                      \
        "Bytes of the keys and values of records that the brokers have.")                          \
    X (bus_failed, COUNTER, "bus_failed_records_total",                                            \
        "Records that the brokers did not take: their frames are sent again.")                     \
    X (bus_away, GAUGE, "bus_away_workers",                                                        \
        "Workers to which no broker of the bus answers; 0 when all is well.")                      \
    X (timeouts, COUNTER, "request_timeouts_total",                                                \
        "Requests that did not arrive in time and got 408.")                                       \
    X (crowded, COUNTER, "closed_connections_total",                                               \
        "Connections that were closed at once: their client has too many others.")                 \
    X (buffered, GAUGE, "buffered_messages", "Messages that were accepted and are not saved yet.") \
    X (set_aside, GAUGE, "set_aside_frames",                                                       \
        "Frames that their processor refuses: kept until the partition has another owner or "      \
        "epoch.")                                                                                  \
    X (journal_bytes, GAUGE, "journal_bytes", "Bytes of messages in the journals.")                \
    X (disk_full, GAUGE, "disk_full_workers",                                                      \
        "Workers that accept nothing because the disk of the journal is full; 0 when all is "      \
        "well.")                                                                                   \
    X (waiting, GAUGE, "waiting_requests",                                                         \
        "Requests that wait for room in the buffer, and uploads that wait to be read.")            \
    X (connections, GAUGE, "connections", "Open connections of clients.")                          \
    X (idle, GAUGE, "idle_connections", "Open connections with no request in progress.")           \
    X (streams, GAUGE, "event_streams", "Open connections with a stream of events.")               \
    X (tls_connections, GAUGE, "tls_connections", "Open connections under TLS.")                   \
    X (tls_handshakes, COUNTER, "tls_handshakes_total", "Handshakes of TLS that were good.")       \
    X (tls_hellos, COUNTER, "tls_hellos_total",                                                    \
        "Connections that began with TLS, on a port without it.")

//  The list of latencies: field, name for Prometheus, help.
#define GATEWAY_LATENCIES(X)                                                                       \
    X (accept, "accept_duration_seconds",                                                          \
        "From the moment a POST of messages is complete until it is answered with 202 or 200.")    \
    X (journal, "journal_duration_seconds", "One round of the journal, until it is on disk.")      \
    X (deliver, "deliver_duration_seconds",                                                        \
        "From the moment a message is kept until it is first sent to a processor.")                \
    X (apply, "apply_duration_seconds",                                                            \
        "From the moment a message is kept until a processor has said that it has saved it.")      \
    X (query, "query_duration_seconds",                                                            \
        "From the moment a request for rockets is complete until its answer.")

//  The list of calls. A request for another path counts as other, and so does a request that is
//  refused before its path is known.
#define GATEWAY_ROUTES(X)                                                                          \
    X (ROUTE_NONE, "other")                                                                        \
    X (ROUTE_MESSAGES, "POST /messages")                                                           \
    X (ROUTE_ROCKETS, "GET /rockets")                                                              \
    X (ROUTE_ROCKET, "GET /rockets/{id}")                                                          \
    X (ROUTE_REMOVAL, "DELETE /rockets/{id}")                                                      \
    X (ROUTE_EVENTS, "GET /events")                                                                \
    X (ROUTE_SESSION_VIEW, "GET /session")                                                         \
    X (ROUTE_SESSION, "POST /session")                                                             \
    X (ROUTE_OPENAPI, "GET /openapi.json")                                                         \
    X (ROUTE_DASHBOARD, "GET /")                                                                   \
    X (ROUTE_LIVE, "GET /livez")                                                                   \
    X (ROUTE_READY, "GET /readyz")                                                                 \
    X (ROUTE_STATS, "GET /stats")                                                                  \
    X (ROUTE_METRICS, "GET /metrics")

typedef enum {
#define X(route, name) route,
    GATEWAY_ROUTES (X)
#undef X
        ROUTES_COUNT
} route_t;

typedef enum {
#define X(field, name, help) LATENCY_##field,
    GATEWAY_LATENCIES (X)
#undef X
        LATENCIES_COUNT
} latency_t;

#define STATUSES_MIN 200
#define STATUSES_MAX 511
#define REASONS_MAX 64

//  The counters of a worker. lag_messages and oldest_us count the messages of a partition that this
//  worker has accepted and no processor has saved.
typedef struct {
#define X(field, kind, name, help) counter_t field;
    GATEWAY_COUNTERS (X)
#undef X
    histogram_t latencies[LATENCIES_COUNT];
    counter_t answers[ROUTES_COUNT][STATUSES_MAX - STATUSES_MIN + 1];
    struct {
        const char *_Atomic name;  //  NULL: this entry and all behind it are unused
        counter_t count;
    } reasons[REASONS_MAX];            //  of refusals
    counter_t tls_failed[TLS_FAULTS];  //  handshakes
    counter_t bus_trip_us;             //  the slowest broker's 99th percentile of round trips
    counter_t lag_messages[PARTITIONS_MAX];
    counter_t
        oldest_us[PARTITIONS_MAX];  //  when the oldest of them was accepted, on clock_us; 0: none
} worker_metrics_t;

//  Count an answer. reason is the name of a refusal, a literal; NULL: the answer is no refusal.
void worker_metrics_answered (
    worker_metrics_t *self, route_t route, unsigned status, const char *reason, int64_t us);

typedef struct gateway_metrics gateway_metrics_t;

//  Make one set of counters for each worker. The limits are the whole gateway's, for display; 0:
//  none.
gateway_metrics_t *gateway_metrics_new (
    unsigned workers, uint64_t buffer_limit, uint64_t journal_limit);

void gateway_metrics_destroy (gateway_metrics_t **self_p);

//  Return the set of a worker, which only that worker writes.
worker_metrics_t *gateway_metrics_of (gateway_metrics_t *self, unsigned worker);

//  Remember the latencies of this moment. One thread calls it every GATEWAY_SAMPLE_MS.
#define GATEWAY_SAMPLE_MS 1000
void gateway_metrics_sample (gateway_metrics_t *self);

//  The sums over all workers, as they were read.
typedef struct {
#define X(field, kind, name, help) uint64_t field;
    GATEWAY_COUNTERS (X)
#undef X
    unsigned workers;
    uint64_t buffer_limit;
    uint64_t journal_limit;
    uint64_t uptime_ms;
    durations_t latencies[LATENCIES_COUNT];
    durations_t recent[LATENCIES_COUNT];  //  latencies of the last ten seconds or so
    uint64_t answers[ROUTES_COUNT][STATUSES_MAX - STATUSES_MIN + 1];
    struct {
        const char *name;
        uint64_t count;
    } reasons[REASONS_MAX];
    uint64_t tls_failed[TLS_FAULTS];
    uint64_t bus_trip_us;  //  of the slowest worker
    uint64_t lag_messages[PARTITIONS_MAX];
    double lag_seconds[PARTITIONS_MAX];  //  the age of the oldest one
} gateway_totals_t;

//  Sum over all workers. Any thread. The caller frees the totals with g_free.
gateway_totals_t *gateway_metrics_sum (gateway_metrics_t *self);

//  Return the name of a call: "POST /messages", or "other".
const char *route_name (route_t route);

#endif
