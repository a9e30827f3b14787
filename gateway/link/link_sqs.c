//  The link over SQS: each frame goes as lines of JSON to the queue of its partition. A frame is
//  carried when SQS has all its messages. Messages arrive in any order, and so do acks.
//
//  P is the number that the processors announce, since the queues do not show it.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/link/broker_link.h"
#include "gateway/link/sqs_sender.h"

#define SESSION 1  //  nothing that was sent is ever lost without a word

typedef struct {
    broker_link_t link;
    sqs_settings_t *settings;
    sqs_sender_t *sender;
    layout_t layout;  //  of the last run
} link_sqs_t;

static void
s_look_at_service (link_sqs_t *self)
{
    const char *reason = "";
    bool is_away = sqs_sender_is_away (self->sender, &reason);
    broker_link_note_away (&self->link, is_away, reason);
}

static void
s_run (link_t *base)
{
    link_sqs_t *self = (link_sqs_t *) base;
    layout_t layout = directory_layout (self->link.directory);
    if (!layout_equal (layout, self->layout))
        sqs_sender_forget (self->sender);
    self->layout = layout;
    sqs_sender_run (self->sender);
    s_look_at_service (self);
    broker_link_check (&self->link);
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
    return directory_layout (((const broker_link_t *) base)->directory);
}

static uint64_t
s_session (const link_t *base, uint32_t partition)
{
    const link_sqs_t *self = (const link_sqs_t *) base;
    (void) partition;
    return broker_link_fault (&self->link, NULL) ? 0 : SESSION;
}

static bool
s_send (link_t *base, record_t *record)
{
    link_sqs_t *self = (link_sqs_t *) base;
    broker_link_make (&self->link, record);
    return sqs_sender_send (self->sender, record->partition, record->sequence, self->link.records);
}

static link_condition_t
s_condition (const link_t *base)
{
    const link_sqs_t *self = (const link_sqs_t *) base;
    const char *reason = "";
    (void) sqs_sender_is_away (self->sender, &reason);
    const char *fault = broker_link_fault (&self->link, sqs_sender_fault (self->sender));
    return broker_link_condition (&self->link, reason, fault);
}

static void
s_destroy (link_t **base_p)
{
    link_sqs_t *self = (link_sqs_t *) *base_p;
    if (!self)
        return;
    sqs_sender_destroy (&self->sender);
    broker_link_clear (&self->link);
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
    static const link_t functions = {.is_unordered = true,
        .hear = broker_link_hear,
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
    broker_link_init (&self->link, &functions, BUS_SQS, settings->topic, setup);
    self->settings = settings;
    self->sender = sqs_sender_new (settings, setup->metrics, &self->link.ear);
    return &self->link.base;
}
