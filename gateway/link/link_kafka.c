//  The link over Kafka: each message is a record on one topic, in the partition of its channel. A
//  frame is carried when the brokers have all its records (acks=all).
//
//  P is the number that the processors announce, or the topic's number of partitions before the
//  first announcement. While the two differ, the link sends nothing.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bus/bus_settings.h"
#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "gateway/link/broker_link.h"
#include "gateway/link/kafka_producer.h"

#define RENEW_MS 1000      //  between two attempts to make a producer
#define FAULT_LOG_MS 5000  //  between two log lines about a fault that stays
#define FAULT_SIZE 256

typedef struct {
    broker_link_t link;
    bus_settings_t *config;
    bool is_patient;
    kafka_producer_t *producer;  //  NULL: the link could not make it again yet
    int64_t renew_at_ms;
    uint64_t session;        //  the number of producers so far
    char fault[FAULT_SIZE];  //  of the layouts
    int64_t fault_logged_ms;
} link_kafka_t;

//  Make a producer in place of one that is dead.
static void
s_renew (link_kafka_t *self)
{
    int64_t now_ms = clock_ms ();
    kafka_producer_destroy (&self->producer);
    if (now_ms < self->renew_at_ms)
        return;
    self->renew_at_ms = now_ms + RENEW_MS;
    self->producer = kafka_producer_new (
        self->config, self->link.topic, self->is_patient, self->link.metrics, &self->link.ear);
    if (self->producer)
        self->session++;
}

static void
s_look_at_brokers (link_kafka_t *self)
{
    const char *reason = "";
    bool is_away = !self->producer || kafka_producer_is_away (self->producer, &reason);
    broker_link_note_away (&self->link, is_away, reason);
}

//  Return the layout of the topic; it is unknown until the brokers have reported the topic's
//  partitions.
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
    layout_t theirs = directory_layout (self->link.directory);
    layout_t ours = s_topic_layout (self);
    self->fault[0] = 0;
    if (theirs.partitions == 0 || ours.partitions == 0 || layout_equal (theirs, ours))
        return;
    g_snprintf (self->fault, sizeof self->fault,
        "the topic %s has %u partitions by %s and the processors have %u by %s: nothing is sent; "
        "start this gateway with the --bus and the --topic of the processors",
        self->link.topic, ours.partitions, partitioner_name (ours.partitioner), theirs.partitions,
        partitioner_name (theirs.partitioner));
    if (log_is_due (&self->fault_logged_ms, FAULT_LOG_MS))
        log_event (LOG_ERROR, "the topic and the processors do not fit together: nothing is sent",
            "topic=%s its_partitions=%u its_partitioner=%s partitions=%u partitioner=%s "
            "advice=%s",
            self->link.topic, ours.partitions, partitioner_name (ours.partitioner),
            theirs.partitions, partitioner_name (theirs.partitioner),
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
    broker_link_check (&self->link);
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
    layout_t theirs = directory_layout (self->link.directory);
    return theirs.partitions > 0 ? theirs : s_topic_layout (self);
}

static const char *
s_fault (const link_kafka_t *self)
{
    return broker_link_fault (&self->link, self->fault);
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
    broker_link_make (&self->link, record);
    FAILPOINT ("push-before");
    bool is_sent = kafka_producer_send (
        self->producer, record->partition, record->sequence, self->link.records);
    FAILPOINT ("push-after");
    return is_sent;
}

static link_condition_t
s_condition (const link_t *base)
{
    const link_kafka_t *self = (const link_kafka_t *) base;
    const char *reason = "";
    if (self->producer)
        (void) kafka_producer_is_away (self->producer, &reason);
    return broker_link_condition (&self->link, reason, s_fault (self));
}

static void
s_destroy (link_t **base_p)
{
    link_kafka_t *self = (link_kafka_t *) *base_p;
    if (!self)
        return;
    kafka_producer_destroy (&self->producer);
    broker_link_clear (&self->link);
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
    static const link_t functions = {.hear = broker_link_hear,
        .run = s_run,
        .timeout_us = s_timeout_us,
        .fd = s_fd,
        .layout = s_layout,
        .session = s_session,
        .send = s_send,
        .believes = broker_link_believes,
        .log_set_aside = broker_link_log_set_aside,
        .condition = s_condition,
        .destroy = s_destroy};
    broker_link_init (&self->link, &functions, BUS_KAFKA, setup->choice->topic, setup);
    self->config = config;
    self->is_patient = setup->is_patient;
    link_t *base = &self->link.base;
    s_renew (self);
    if (!self->producer)
        s_destroy (&base);
    return base;
}
