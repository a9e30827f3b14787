//  The link over Kafka: each message is a record on one topic, in the partition of its channel. A
//  frame is carried when the brokers have all its records (acks=all).
//
//  The number of partitions is the one that the processors announce, or that of the topic while none of them
//  has spoken. As long as the two differ, nothing is sent.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bus/bus_settings.h"
#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "gateway/link/broker_link.h"
#include "gateway/link/bus_check.h"
#include "gateway/link/choose_link.h"
#include "gateway/link/kafka_producer.h"

#define RENEW_MS 1000      //  between two attempts to make a producer
#define FAULT_LOG_MS 5000  //  between two log lines about a fault that stays
#define FAULT_SIZE 256

typedef struct {
    link_t base;
    bus_settings_t *config;
    const char *topic;
    const directory_t *directory;
    worker_metrics_t *metrics;
    link_ear_t ear;
    kafka_producer_t *producer;  //  NULL: it could not be made anew yet
    int64_t renew_at_ms;
    frame_records_t *records;
    uint64_t session;  //  the number of producers so far
    bool is_away;      //  as the log says
    bus_check_t check;
    char fault[FAULT_SIZE];  //  of the layouts
    int64_t fault_logged_ms;
} link_kafka_t;

static void
s_hear (link_t *base, const link_ear_t *ear)
{
    ((link_kafka_t *) base)->ear = *ear;
}

//  Make a producer in place of one that is dead.
static void
s_renew (link_kafka_t *self)
{
    int64_t now_ms = clock_ms ();
    kafka_producer_destroy (&self->producer);
    if (now_ms < self->renew_at_ms)
        return;
    self->renew_at_ms = now_ms + RENEW_MS;
    self->producer = kafka_producer_new (self->config, self->topic, self->metrics, &self->ear);
    if (self->producer)
        self->session++;
}

static void
s_look_at_brokers (link_kafka_t *self)
{
    const char *reason = "";
    bool is_away = !self->producer || kafka_producer_is_away (self->producer, &reason);
    broker_link_note_away (BUS_KAFKA, &self->is_away, is_away, reason, self->metrics);
}

//  Return the layout of the topic; it is not known before the brokers have told its partitions.
static layout_t
s_topic_layout (const link_kafka_t *self)
{
    uint32_t partitions = self->producer ? kafka_producer_partitions (self->producer) : 0;
    return (layout_t){partitions <= PARTITIONS_MAX ? partitions : 0, PARTITIONER_MURMUR2};
}

//  Compare the partitions of the topic and of the processors.
static void
s_look_at_layouts (link_kafka_t *self)
{
    layout_t theirs = directory_layout (self->directory);
    layout_t ours = s_topic_layout (self);
    self->fault[0] = 0;
    if (theirs.partitions == 0 || ours.partitions == 0 || layout_equal (theirs, ours))
        return;
    g_snprintf (self->fault, sizeof self->fault,
        "the topic %s has %u partitions by %s and the processors have %u by %s: nothing is sent; "
        "start this gateway with the --bus and the --topic of the processors",
        self->topic, ours.partitions, partitioner_name (ours.partitioner), theirs.partitions,
        partitioner_name (theirs.partitioner));
    if (log_is_due (&self->fault_logged_ms, FAULT_LOG_MS))
        log_event (LOG_ERROR, "the topic and the processors do not fit together: nothing is sent",
            "topic=%s its_partitions=%u its_partitioner=%s partitions=%u partitioner=%s "
            "advice=%s",
            self->topic, ours.partitions, partitioner_name (ours.partitioner), theirs.partitions,
            partitioner_name (theirs.partitioner),
            "start this gateway with the --bus and the --topic of the processors");
}

static void
s_run (link_t *base)
{
    link_kafka_t *self = (link_kafka_t *) base;
    if (self->producer)
        kafka_producer_run (self->producer);
    if (!self->producer || kafka_producer_is_dead (self->producer))
        s_renew (self);
    s_look_at_brokers (self);
    bus_check_look (&self->check, self->directory, "kafka", self->topic);
    s_look_at_layouts (self);
}

static int64_t
s_timeout_us (const link_t *base)
{
    const link_kafka_t *self = (const link_kafka_t *) base;
    return self->producer ? kafka_producer_timeout_us (self->producer) : INT64_MAX;
}

static int
s_fd (const link_t *base)
{
    const link_kafka_t *self = (const link_kafka_t *) base;
    return self->producer ? kafka_producer_fd (self->producer) : -1;
}

static layout_t
s_layout (const link_t *base)
{
    const link_kafka_t *self = (const link_kafka_t *) base;
    layout_t theirs = directory_layout (self->directory);
    return theirs.partitions > 0 ? theirs : s_topic_layout (self);
}

//  Return why nothing can be sent until somebody changes it, or NULL.
static const char *
s_fault (const link_kafka_t *self)
{
    if (self->check.fault[0])
        return self->check.fault;
    return self->fault[0] ? self->fault : NULL;
}

static uint64_t
s_session (const link_t *base, uint32_t partition)
{
    const link_kafka_t *self = (const link_kafka_t *) base;
    bool can_send =
        self->producer && !s_fault (self) && partition < kafka_producer_partitions (self->producer);
    return can_send ? self->session : 0;
}

static bool
s_send (link_t *base, record_t *record)
{
    link_kafka_t *self = (link_kafka_t *) base;
    bool is_frame = frame_records_make (self->records, record->bytes, record->size, record->digest);
    g_assert (is_frame);  //  we made it, and the journal checks all that it reads back
    FAILPOINT ("push-before");
    bool is_sent =
        kafka_producer_send (self->producer, record->partition, record->sequence, self->records);
    FAILPOINT ("push-after");
    return is_sent;
}

static bool
s_believes (const link_t *base, const peer_t *peer, uint32_t partition, const record_t *record)
{
    (void) record;
    return broker_link_believes (((const link_kafka_t *) base)->directory, peer, partition);
}

static void
s_log_set_aside (const link_t *base, uint32_t partition, size_t frames)
{
    const char *topic = ((const link_kafka_t *) base)->topic;
    broker_link_log_set_aside (BUS_KAFKA, topic, partition, frames);
}

static link_condition_t
s_condition (const link_t *base)
{
    const link_kafka_t *self = (const link_kafka_t *) base;
    const char *reason = "";
    if (self->producer)
        (void) kafka_producer_is_away (self->producer, &reason);
    return (link_condition_t){.bus = "kafka",
        .is_away = self->is_away,
        .reason = *reason ? reason : NULL,
        .fault = s_fault (self)};
}

static void
s_destroy (link_t **base_p)
{
    link_kafka_t *self = (link_kafka_t *) *base_p;
    if (!self)
        return;
    kafka_producer_destroy (&self->producer);
    frame_records_destroy (&self->records);
    bus_settings_destroy (&self->config);
    g_free (self);
    *base_p = NULL;
}

link_t *
link_kafka_new (const link_setup_t *setup)
{
    bus_settings_t *config = bus_settings_read (BUS_KAFKA, setup->choice->settings);
    if (!config)
        return NULL;
    link_kafka_t *self = g_new0 (link_kafka_t, 1);
    self->base = (link_t){.hear = s_hear,
        .run = s_run,
        .timeout_us = s_timeout_us,
        .fd = s_fd,
        .layout = s_layout,
        .session = s_session,
        .send = s_send,
        .believes = s_believes,
        .log_set_aside = s_log_set_aside,
        .condition = s_condition,
        .destroy = s_destroy};
    self->config = config;
    self->topic = setup->choice->topic;
    self->directory = setup->directory;
    self->metrics = setup->metrics;
    self->records = frame_records_new ();
    link_t *base = &self->base;
    s_renew (self);
    if (!self->producer)
        s_destroy (&base);
    return base;
}
