//  The link over RabbitMQ: a frame is one message of lines, in the queue of its partition, TOPIC.N.
//  It is carried when a majority of the queue's brokers has it on disk (publisher confirms).
//
//  P is the number that processors announce: before the first announcement the link sends nothing.
//  SPDX-License-Identifier: Apache-2.0
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "common/process/watchdog.h"
#include "common/rabbitmq/rabbitmq_publisher.h"
#include "gateway/link/broker_link.h"

#define REST_MS 500          //  after a message that was not taken, so that it costs little
#define REFUSED_LOG_MS 5000  //  between two log lines
#define TRIP_MS 1000         //  interval of the reports about the longest trip
#define FAULT_SIZE (RABBITMQ_REASON_SIZE + 128)

typedef struct {
    broker_link_t link;
    rabbitmq_settings_t *settings;
    char *topic;
    int fd;  //  an eventfd, which the publisher writes
    rabbitmq_publisher_t *publisher;
    uint32_t queues;         //  that the publisher knows
    char fault[FAULT_SIZE];  //  of the broker
    int64_t fault_logged_ms;
    int64_t failure_logged_ms;
    int64_t rest_until_ms;
    int64_t trip_us;  //  the longest one lately
    int64_t trip_reported_ms;
} link_rabbitmq_t;

static void
s_note_failure (link_rabbitmq_t *self)
{
    counter_add (&self->link.metrics->bus_failed, 1);
    self->rest_until_ms = clock_ms () + REST_MS;
    if (log_is_due (&self->failure_logged_ms, REFUSED_LOG_MS))
        log_event (LOG_WARN, "the bus does not take messages: their frames are sent again",
            "bus=rabbitmq reason=%s", rabbitmq_publisher_condition (self->publisher)->reason);
}

static void
s_take_fate (void *context, uint64_t sequence, bool is_carried, int64_t took_us)
{
    link_rabbitmq_t *self = context;
    if (!is_carried) {
        s_note_failure (self);
        self->link.ear.returned (self->link.ear.context, sequence, false);
        return;
    }
    self->trip_us = MAX (self->trip_us, took_us);
    counter_add (&self->link.metrics->bus_records, 1);
    self->link.ear.carried (self->link.ear.context, sequence);
}

static void
s_report_trip (link_rabbitmq_t *self)
{
    if (clock_ms () < self->trip_reported_ms + TRIP_MS)
        return;
    self->trip_reported_ms = clock_ms ();
    counter_set (&self->link.metrics->bus_trip_us, (uint64_t) self->trip_us);
    self->trip_us = 0;
}

static void
s_look_at_broker (link_rabbitmq_t *self)
{
    const rabbitmq_publisher_condition_t *condition =
        rabbitmq_publisher_condition (self->publisher);
    broker_link_note_away (&self->link, condition->is_away, condition->reason);
    self->fault[0] = 0;
    if (!condition->is_refused)
        return;
    g_snprintf (self->fault, sizeof self->fault,
        "RabbitMQ refuses what this gateway needs: nothing is sent; %s", condition->reason);
    if (log_is_due (&self->fault_logged_ms, REFUSED_LOG_MS))
        log_event (LOG_ERROR, "the broker refuses what this gateway needs: nothing is sent",
            "bus=rabbitmq topic=%s reason=%s advice=%s", self->link.topic, condition->reason,
            RABBITMQ_REFUSAL_ADVICE);
}

static void
s_run (link_t *base)
{
    link_rabbitmq_t *self = (link_rabbitmq_t *) base;
    eventfd_t rung;
    (void) eventfd_read (self->fd, &rung);
    rabbitmq_publisher_run (self->publisher, s_take_fate, self);
    uint32_t partitions = directory_layout (self->link.directory).partitions;
    if (partitions > 0 && partitions != self->queues) {
        self->queues = partitions;
        rabbitmq_publisher_set_queues (self->publisher, partitions);
    }
    s_look_at_broker (self);
    s_report_trip (self);
    broker_link_check (&self->link);
}

static int64_t
s_timeout_us (const link_t *base)
{
    int64_t rest_ms = ((const link_rabbitmq_t *) base)->rest_until_ms - clock_ms ();
    return rest_ms > 0 ? rest_ms * 1000 : INT64_MAX;
}

static int
s_fd (const link_t *base)
{
    return ((const link_rabbitmq_t *) base)->fd;
}

static layout_t
s_layout (const link_t *base)
{
    return directory_layout (((const broker_link_t *) base)->directory);
}

static const char *
s_fault (const link_rabbitmq_t *self)
{
    return broker_link_fault (&self->link, self->fault);
}

static uint64_t
s_session (const link_t *base, uint32_t partition)
{
    const link_rabbitmq_t *self = (const link_rabbitmq_t *) base;
    if (s_fault (self) || partition >= self->queues)
        return 0;
    return rabbitmq_publisher_condition (self->publisher)->session;
}

static bool
s_send (link_t *base, record_t *record)
{
    link_rabbitmq_t *self = (link_rabbitmq_t *) base;
    if (self->rest_until_ms && clock_ms () < self->rest_until_ms)
        return false;
    broker_link_make (&self->link, record);
    rabbitmq_message_t message = {.id = record->sequence,
        .queue = record->partition,
        .body = frame_records_lines (self->link.records),
        .headers = {{FRAME_TAG_NAME,
            text_of ((const char *) frame_records_tag (self->link.records), FRAME_TAG_SIZE), true}},
        .headers_count = 1};
    FAILPOINT ("push-before");
    bool is_sent = rabbitmq_publisher_send (self->publisher, &message);
    FAILPOINT ("push-after");
    if (is_sent)
        counter_add (&self->link.metrics->bus_bytes, message.body.size);
    return is_sent;
}

static link_condition_t
s_condition (const link_t *base)
{
    const link_rabbitmq_t *self = (const link_rabbitmq_t *) base;
    const char *reason = rabbitmq_publisher_condition (self->publisher)->reason;
    return broker_link_condition (&self->link, reason, s_fault (self));
}

static void
s_destroy (link_t **base_p)
{
    link_rabbitmq_t *self = (link_rabbitmq_t *) *base_p;
    watchdog_rest ();  //  the thread may wait for a broker
    if (rabbitmq_publisher_destroy (&self->publisher)) {
        rabbitmq_settings_destroy (&self->settings);
        g_free (self->topic);
        close (self->fd);
    }
    broker_link_clear (&self->link);
    g_free (self);
    *base_p = NULL;
}

link_t *
link_rabbitmq_new (const link_setup_t *setup)
{
    rabbitmq_settings_t *settings = rabbitmq_settings_read (setup->choice->settings);
    if (!settings)
        return NULL;
    link_rabbitmq_t *self = g_new0 (link_rabbitmq_t, 1);
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
    self->topic = g_strdup (setup->choice->topic);
    broker_link_init (&self->link, &functions, BUS_RABBITMQ, self->topic, setup);
    self->settings = settings;
    self->fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    g_assert (self->fd >= 0);
    self->publisher = rabbitmq_publisher_new (settings, self->topic, true, self->fd);
    link_t *base = &self->link.base;
    if (!self->publisher)
        s_destroy (&base);
    return base;
}
