//  The link over SQS: each frame goes as lines of JSON to the queue of its partition. A frame is
//  carried when SQS has all its messages. Messages arrive in any order, and so do acks.
//
//  The number of partitions is the one that the processors announce: no queue tells it.
//  SPDX-License-Identifier: Apache-2.0
#include "common/process/log.h"
#include "gateway/link/broker_link.h"
#include "gateway/link/bus_check.h"
#include "gateway/link/choose_link.h"
#include "gateway/link/sqs_sender.h"

#define SESSION 1  //  nothing that was sent is ever lost without a word

typedef struct {
    link_t base;
    sqs_settings_t *settings;
    const directory_t *directory;
    worker_metrics_t *metrics;
    link_ear_t ear;
    sqs_sender_t *sender;
    frame_records_t *records;
    layout_t layout;  //  of the last run
    bool is_away;     //  as the log says
    bus_check_t check;
} link_sqs_t;

static void
s_hear (link_t *base, const link_ear_t *ear)
{
    ((link_sqs_t *) base)->ear = *ear;
}

static void
s_look_at_service (link_sqs_t *self)
{
    const char *reason = "";
    bool is_away = sqs_sender_is_away (self->sender, &reason);
    broker_link_note_away (BUS_SQS, &self->is_away, is_away, reason, self->metrics);
}

static void
s_run (link_t *base)
{
    link_sqs_t *self = (link_sqs_t *) base;
    layout_t layout = directory_layout (self->directory);
    if (!layout_equal (layout, self->layout))
        sqs_sender_forget (self->sender);
    self->layout = layout;
    sqs_sender_run (self->sender);
    s_look_at_service (self);
    bus_check_look (&self->check, self->directory, "sqs", self->settings->topic);
}

static int64_t
s_timeout_us (const link_t *base)
{
    (void) base;
    return INT64_MAX;  //  the descriptor has a timer
}

static int
s_fd (const link_t *base)
{
    return sqs_sender_fd (((const link_sqs_t *) base)->sender);
}

static layout_t
s_layout (const link_t *base)
{
    return directory_layout (((const link_sqs_t *) base)->directory);
}

//  Return why nothing can be sent until somebody changes it, or NULL.
static const char *
s_fault (const link_sqs_t *self)
{
    return self->check.fault[0] ? self->check.fault : sqs_sender_fault (self->sender);
}

static uint64_t
s_session (const link_t *base, uint32_t partition)
{
    const link_sqs_t *self = (const link_sqs_t *) base;
    (void) partition;
    return self->check.fault[0] ? 0 : SESSION;
}

static bool
s_send (link_t *base, record_t *record)
{
    link_sqs_t *self = (link_sqs_t *) base;
    bool is_frame = frame_records_make (self->records, record->bytes, record->size, record->digest);
    g_assert (is_frame);  //  we made it, and the journal checks all that it reads back
    return sqs_sender_send (self->sender, record->partition, record->sequence, self->records);
}

static bool
s_believes (const link_t *base, const peer_t *peer, uint32_t partition, const record_t *record)
{
    (void) record;
    return broker_link_believes (((const link_sqs_t *) base)->directory, peer, partition);
}

static void
s_log_set_aside (const link_t *base, uint32_t partition, size_t frames)
{
    const char *topic = ((const link_sqs_t *) base)->settings->topic;
    broker_link_log_set_aside (BUS_SQS, topic, partition, frames);
}

static link_condition_t
s_condition (const link_t *base)
{
    const link_sqs_t *self = (const link_sqs_t *) base;
    const char *reason = "";
    (void) sqs_sender_is_away (self->sender, &reason);
    return (link_condition_t){.bus = "sqs",
        .is_away = self->is_away,
        .reason = *reason ? reason : NULL,
        .fault = s_fault (self)};
}

static void
s_destroy (link_t **base_p)
{
    link_sqs_t *self = (link_sqs_t *) *base_p;
    if (!self)
        return;
    sqs_sender_destroy (&self->sender);
    frame_records_destroy (&self->records);
    sqs_settings_destroy (&self->settings);
    g_free (self);
    *base_p = NULL;
}

link_t *
link_sqs_new (const link_setup_t *setup)
{
    sqs_settings_t *settings = sqs_settings_read (setup->choice);
    if (!settings)
        return NULL;
    link_sqs_t *self = g_new0 (link_sqs_t, 1);
    self->base = (link_t){.is_unordered = true,
        .hear = s_hear,
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
    self->settings = settings;
    self->directory = setup->directory;
    self->metrics = setup->metrics;
    self->records = frame_records_new ();
    self->sender = sqs_sender_new (settings, setup->metrics, &self->ear);
    return &self->base;
}
