//  SPDX-License-Identifier: Apache-2.0
#include "gateway/link/kafka_producer.h"

#include <glib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/kafka/kafka_client.h"
#include "common/kafka/kafka_statistics.h"
#include "common/process/clock.h"
#include "common/process/log.h"
#include "common/process/watchdog.h"

#define EVENTS_PER_RUN 256  //  each holds some hundred reports at most
#define RUN_US 2000
#define REST_MS 500          //  after a failure, so that failing again and again costs little
#define AWAY_MS 5000         //  a broker takes over from another one in less
#define FAILURE_LOG_MS 5000  //  between two log lines about records that failed
#define REASON_SIZE 256

//  A frame of which librdkafka has records.
typedef struct {
    uint64_t sequence;
    size_t bytes;
    size_t left;  //  records without a report
    bool is_failed;
    bool is_refused;  //  the brokers do not take one of its records
    GList link;
} flight_t;

struct kafka_producer {
    const link_ear_t *ear;
    worker_metrics_t *metrics;
    rd_kafka_t *client;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *events;
    int fd;          //  an eventfd
    GQueue flights;  //  of flight_t, in the order of sending
    size_t flight_bytes;
    GArray *batch;  //  of rd_kafka_message_t
    uint32_t partitions;
    bool has_more;    //  a run has left events
    bool is_dead;     //  after a fatal error
    bool is_down;     //  no broker is connected
    int64_t life_ms;  //  the last sign of life, or the time since which one is expected
    int64_t rest_until_ms;
    int64_t failure_logged_ms;
    char reason[REASON_SIZE];
};

static const kafka_setting_t s_fixed[] = {
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"allow.auto.create.topics", "false"},
    {"statistics.interval.ms", "1000"},
    {NULL, NULL},
};

//  A broker spends most of its time on requests, not on records: with 64 clients and a journal,
//  patience of 5 ms saved a sixth of it and 20 ms two fifths (docs/performance.md).
static rd_kafka_conf_t *
s_settings (const bus_settings_t *config, bool is_patient)
{
    const kafka_setting_t defaults[] = {
        {"client.id", "downlink-gateway"},
        {"linger.ms", is_patient ? "10" : "0"},
        {"compression.type", "lz4"},
        {"queue.buffering.max.kbytes", "131072"},
        {"queue.buffering.max.messages", "1000000"},
        {"socket.keepalive.enable", "true"},
        {"socket.timeout.ms", "10000"},
        {"request.timeout.ms", "8000"},
        {"socket.connection.setup.timeout.ms", "5000"},
        {"reconnect.backoff.max.ms", "1000"},
        {NULL, NULL},
    };
    return kafka_client_settings (config, defaults, s_fixed);
}

static bool
s_connect (kafka_producer_t *self, const bus_settings_t *config, const char *topic, bool is_patient)
{
    static const uint64_t one = 1;
    rd_kafka_conf_t *settings = s_settings (config, is_patient);
    if (!settings)
        return false;
    rd_kafka_conf_set_events (
        settings, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS);
    self->client = kafka_client_new (RD_KAFKA_PRODUCER, settings);
    if (!self->client)
        return false;
    self->topic = rd_kafka_topic_new (self->client, topic, NULL);
    if (!self->topic) {
        log_event (LOG_ERROR, "cannot use the topic", "topic=%s reason=%s", topic,
            rd_kafka_err2str (rd_kafka_last_error ()));
        return false;
    }
    self->events = rd_kafka_queue_get_main (self->client);
    rd_kafka_queue_io_event_enable (self->events, self->fd, &one, sizeof one);
    return true;
}

kafka_producer_t *
kafka_producer_new (const bus_settings_t *config, const char *topic, bool is_patient,
    worker_metrics_t *metrics, const link_ear_t *ear)
{
    kafka_producer_t *self = g_new0 (kafka_producer_t, 1);
    self->ear = ear;
    self->metrics = metrics;
    self->fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    g_assert (self->fd >= 0);
    self->batch = g_array_new (FALSE, TRUE, sizeof (rd_kafka_message_t));
    self->life_ms = clock_ms ();
    if (!s_connect (self, config, topic, is_patient))
        kafka_producer_destroy (&self);
    return self;
}

static void
s_forget_flight (kafka_producer_t *self, flight_t *flight)
{
    g_queue_unlink (&self->flights, &flight->link);
    self->flight_bytes -= flight->bytes;
    g_free (flight);
}

void
kafka_producer_destroy (kafka_producer_t **self_p)
{
    kafka_producer_t *self = *self_p;
    if (!self)
        return;
    watchdog_rest ();  //  its threads may wait for a name to be resolved
    if (self->events) {
        rd_kafka_queue_io_event_enable (self->events, -1, NULL, 0);
        rd_kafka_queue_destroy (self->events);
    }
    if (self->topic)
        rd_kafka_topic_destroy (self->topic);
    if (self->client) {
        rd_kafka_purge (self->client,
            RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
        rd_kafka_destroy (self->client);
    }
    while (self->flights.head)
        s_forget_flight (self, self->flights.head->data);
    g_array_unref (self->batch);
    close (self->fd);
    g_free (self);
    *self_p = NULL;
}

static void
s_fail (kafka_producer_t *self, rd_kafka_resp_err_t error)
{
    self->rest_until_ms = clock_ms () + REST_MS;
    g_strlcpy (self->reason, rd_kafka_err2str (error), sizeof self->reason);
    if (log_is_due (&self->failure_logged_ms, FAILURE_LOG_MS))
        log_event (LOG_WARN, "the bus does not take records: their frames are sent again",
            "bus=kafka reason=%s", self->reason);
}

//  Return true if the brokers would refuse the record again.
static bool
s_is_refusal (rd_kafka_resp_err_t error)
{
    switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        return true;
    default:
        return false;
    }
}

//  Give librdkafka all records but the last. Return how many it took.
static size_t
s_produce_batch (kafka_producer_t *self, uint32_t partition, const frame_record_t *records,
    size_t count, flight_t *flight)
{
    g_array_set_size (self->batch, 0);
    g_array_set_size (self->batch, (guint) count);
    rd_kafka_message_t *batch = (rd_kafka_message_t *) (gpointer) self->batch->data;
    for (size_t index = 0; index < count; index++)
        batch[index] =
            (rd_kafka_message_t){.payload = (void *) (gpointer) records[index].value.data,
                .len = records[index].value.size,
                .key = (void *) (gpointer) records[index].key.data,
                .key_len = records[index].key.size,
                ._private = flight};
    int taken = rd_kafka_produce_batch (
        self->topic, (int32_t) partition, RD_KAFKA_MSG_F_COPY, batch, (int) count);
    for (size_t index = 0; (size_t) taken < count && index < count; index++)
        if (batch[index].err && batch[index].err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            s_fail (self, batch[index].err);
            break;
        }
    return (size_t) taken;
}

//  Give librdkafka the last record, with the header. Return true if it took it.
static bool
s_produce_last (kafka_producer_t *self, uint32_t partition, const frame_record_t *record,
    const uint8_t *header, flight_t *flight)
{
    rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = self->topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = (int32_t) partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY,
            .u.mem = {(void *) (gpointer) record->key.data, record->key.size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
            .u.mem = {(void *) (gpointer) record->value.data, record->value.size}},
        {.vtype = RD_KAFKA_VTYPE_HEADER, .u.header = {FRAME_TAG_NAME, header, FRAME_TAG_SIZE}},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = flight},
    };
    rd_kafka_error_t *error = rd_kafka_produceva (self->client, parts, G_N_ELEMENTS (parts));
    if (!error)
        return true;
    if (rd_kafka_error_code (error) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        s_fail (self, rd_kafka_error_code (error));
    rd_kafka_error_destroy (error);
    return false;
}

static bool
s_takes_none (const kafka_producer_t *self, size_t bytes)
{
    bool is_full = self->flight_bytes > 0 && self->flight_bytes + bytes > KAFKA_FLIGHT_BYTES;
    return self->is_dead || is_full || (self->rest_until_ms && clock_ms () < self->rest_until_ms);
}

bool
kafka_producer_send (
    kafka_producer_t *self, uint32_t partition, uint64_t sequence, const frame_records_t *records)
{
    size_t bytes = frame_records_bytes (records);
    if (s_takes_none (self, bytes))
        return false;
    size_t count = 0;
    const frame_record_t *all = frame_records_all (records, &count);
    flight_t *flight = g_new0 (flight_t, 1);
    flight->sequence = sequence;
    flight->link.data = flight;
    if (count > 1)
        flight->left = s_produce_batch (self, partition, all, count - 1, flight);
    if (flight->left == count - 1 &&
        s_produce_last (self, partition, &all[count - 1], frame_records_tag (records), flight))
        flight->left++;
    if (flight->left == 0) {
        g_free (flight);
        return false;
    }
    //  Without all of its records the frame is sent again, when the reports of these have come.
    flight->is_failed = flight->left < count;
    flight->bytes = bytes;
    self->flight_bytes += bytes;
    if (!self->flights.head)
        self->life_ms = clock_ms ();
    g_queue_push_tail_link (&self->flights, &flight->link);
    return true;
}

static void
s_end_flight (kafka_producer_t *self, flight_t *flight)
{
    uint64_t sequence = flight->sequence;
    bool is_failed = flight->is_failed;
    bool is_refused = flight->is_refused;
    s_forget_flight (self, flight);
    if (is_failed)
        self->ear->returned (self->ear->context, sequence, is_refused);
    else
        self->ear->carried (self->ear->context, sequence);
}

static void
s_take_report (kafka_producer_t *self, const rd_kafka_message_t *message)
{
    flight_t *flight = message->_private;
    if (message->err) {
        counter_add (&self->metrics->bus_failed, 1);
        flight->is_failed = true;
        flight->is_refused = flight->is_refused || s_is_refusal (message->err);
        s_fail (self, message->err);
    }
    else {
        counter_add (&self->metrics->bus_records, 1);
        counter_add (&self->metrics->bus_bytes, message->len + message->key_len);
        self->life_ms = clock_ms ();
        self->is_down = false;
        self->reason[0] = 0;
    }
    if (--flight->left == 0)
        s_end_flight (self, flight);
}

static void
s_take_error (kafka_producer_t *self, rd_kafka_event_t *event)
{
    char text[REASON_SIZE];
    rd_kafka_resp_err_t error = rd_kafka_event_error (event);
    g_strlcpy (self->reason, rd_kafka_event_error_string (event), sizeof self->reason);
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        self->is_down = true;
    if (!rd_kafka_event_error_is_fatal (event))
        return;
    self->is_dead = true;
    error = rd_kafka_fatal_error (self->client, text, sizeof text);
    log_event (LOG_ERROR,
        "a producer of Kafka has ended: another one sends all frames again that it had",
        "error=%s reason=%s", rd_kafka_err2name (error), text);
}

static void
s_take_statistics (kafka_producer_t *self, const char *json)
{
    kafka_statistics_t statistics;
    if (!kafka_statistics_read (&statistics, json))
        return;
    counter_set (&self->metrics->bus_trip_us, statistics.slowest_broker_us);
    self->partitions = (uint32_t) statistics.partitions;
    if (statistics.brokers_up == 0)
        return;
    self->is_down = false;
    if (!self->flights.head) {
        self->life_ms = clock_ms ();
        self->reason[0] = 0;
    }
}

static void
s_take_event (kafka_producer_t *self, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *message = NULL;
    switch (rd_kafka_event_type (event)) {
    case RD_KAFKA_EVENT_DR:
        while ((message = rd_kafka_event_message_next (event)))
            s_take_report (self, message);
        break;
    case RD_KAFKA_EVENT_ERROR:
        s_take_error (self, event);
        break;
    case RD_KAFKA_EVENT_STATS:
        s_take_statistics (self, rd_kafka_event_stats (event));
        break;
    default:
        break;
    }
    rd_kafka_event_destroy (event);
}

void
kafka_producer_run (kafka_producer_t *self)
{
    uint64_t rung = 0;
    (void) !read (self->fd, &rung, sizeof rung);
    int64_t end_us = clock_us () + RUN_US;
    self->has_more = true;
    for (int count = 0; count < EVENTS_PER_RUN && clock_us () < end_us; count++) {
        rd_kafka_event_t *event = rd_kafka_queue_poll (self->events, 0);
        if (!event) {
            self->has_more = false;
            return;
        }
        s_take_event (self, event);
    }
}

int64_t
kafka_producer_timeout_us (const kafka_producer_t *self)
{
    return self->has_more ? 0 : INT64_MAX;
}

int
kafka_producer_fd (const kafka_producer_t *self)
{
    return self->fd;
}

bool
kafka_producer_is_dead (const kafka_producer_t *self)
{
    return self->is_dead;
}

uint32_t
kafka_producer_partitions (const kafka_producer_t *self)
{
    return self->partitions;
}

bool
kafka_producer_is_away (const kafka_producer_t *self, const char **reason)
{
    *reason = self->reason;
    return self->is_down || clock_ms () - self->life_ms >= AWAY_MS;
}
