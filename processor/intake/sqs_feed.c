//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/sqs_feed.h"

#include <glib.h>

#include "common/process/clock.h"
#include "common/process/log.h"

#define PAUSE_MS 10
#define AGAIN_MS 500

//  The knowledge about the queue behind the last one, which must not exist, and about the first
//  queue.
typedef struct {
    bool is_asked;
    bool is_told;
    bool is_there;
    int64_t again_at_ms;
} look_t;

//  Take note of a reply, or ask again after a while.
static void
s_note (look_t *look, bool is_told)
{
    look->is_asked = look->is_told = is_told;
    look->again_at_ms = clock_ms () + AGAIN_MS;
}

//  Return true if it is time to ask.
static bool
s_may_ask (const sqs_feed_t *self, const look_t *look)
{
    return !look->is_told && !look->is_asked && clock_ms () >= look->again_at_ms &&
           sqs_client_can_call (self->client);
}

static void
s_take_beyond (void *context, const sqs_reply_t *reply)
{
    look_t *look = context;
    s_note (look, reply->outcome == SQS_DONE || reply->outcome == SQS_MISSING);
    look->is_there = reply->outcome == SQS_DONE;
}

//  Check that there are no more queues than partitions. Return false until that is known.
static bool
s_look_beyond (sqs_feed_t *self, look_t *look)
{
    if (!s_may_ask (self, look))
        return look->is_told;
    look->is_asked = true;
    char *name = sqs_settings_queue (self->settings, self->partitions);
    sqs_client_call (
        self->client, "GetQueueUrl", sqs_body_get_url (self->json, name), 0, s_take_beyond, look);
    g_free (name);
    return false;
}

static void
s_take_attributes (void *context, const sqs_reply_t *reply)
{
    look_t *look = context;
    const sqs_json_t *all = reply->json ? sqs_json_member (reply->json, "Attributes") : NULL;
    s_note (look, reply->outcome == SQS_DONE);
    if (!all)
        return;
    int64_t most = sqs_json_number (all, "MaximumMessageSize");
    if (most > 0 && most < SQS_BATCH_BYTES)
        log_event (LOG_WARN, "the queues take smaller messages than gateways send",
            "most=%lld needed=%d advice=%s", (long long) most, SQS_BATCH_BYTES,
            "set MaximumMessageSize of every queue to 262144");
    if (sqs_json_string (all, "RedrivePolicy"))
        log_event (LOG_WARN, "SQS moves messages away that were received several times",
            "advice=%s",
            "remove the redrive policy of the queues: unsaved messages come several times while a "
            "store is away, and would be lost; --dead-letter has the bad ones");
}

//  Look at the attributes of the first queue. Return false until they are known.
static bool
s_look_at_first (sqs_feed_t *self, look_t *look)
{
    const sqs_queue_t *first = &self->queues[0];
    if (first->state != SQS_QUEUE_READY || !s_may_ask (self, look))
        return look->is_told;
    look->is_asked = true;
    sqs_client_call (self->client, "GetQueueAttributes", sqs_body_ask (self->json, first->url), 0,
        s_take_attributes, look);
    return false;
}

//  Return the first queue that is not ready, or NULL. Go on with all of them.
static const sqs_queue_t *
s_run_queues (sqs_feed_t *self)
{
    const sqs_queue_t *missing = NULL;
    //  Make the first queue before the others: it shows whether the kind of queue is right.
    sqs_queue_run (&self->queues[0]);
    if (self->queues[0].state != SQS_QUEUE_READY)
        return &self->queues[0];
    for (uint32_t partition = 1; partition < self->partitions; partition++) {
        sqs_queue_run (&self->queues[partition]);
        if (self->queues[partition].state != SQS_QUEUE_READY)
            missing = &self->queues[partition];
    }
    if (self->letters.name)
        sqs_queue_run (&self->letters);
    return self->letters.name && self->letters.state != SQS_QUEUE_READY ? &self->letters : missing;
}

//  Return true unless a queue cannot be used, or there are too many; then log why.
static bool
s_is_usable (const sqs_feed_t *self, const sqs_queue_t *missing, const look_t *beyond)
{
    if (beyond->is_there) {
        log_event (LOG_ERROR, "there are more queues in SQS than the state has partitions",
            "topic=%s partitions=%u advice=%s", self->settings->topic, self->partitions,
            "name another --topic, or move the state with downlink-move --partitions");
        return false;
    }
    if (missing && missing->state == SQS_QUEUE_FAULTY) {
        log_event (LOG_ERROR, "a queue in SQS cannot be used", "queue=%s reason=%s", missing->name,
            missing->fault);
        return false;
    }
    return true;
}

//  Find or make all queues, and wait for a service that is away.
static bool
s_find_queues (sqs_feed_t *self, const patience_t *patience)
{
    look_t beyond = {.is_told = false};
    look_t first = {.is_told = false};
    bool is_waiting = false;
    bool is_ready = false;
    while (!is_ready) {
        const char *reason = "";
        sqs_client_run (self->client);
        bool is_known = s_look_beyond (self, &beyond);
        const sqs_queue_t *missing = is_known && !beyond.is_there ? s_run_queues (self) : NULL;
        if (!s_is_usable (self, missing, &beyond))
            return false;
        is_known = s_look_at_first (self, &first) && is_known;
        is_ready = is_known && !missing;
        bool is_away = sqs_client_is_away (self->client, &reason);
        if (is_away && !is_waiting)
            log_event (LOG_WARN, "waiting for SQS", "endpoint=%s reason=%s",
                self->settings->endpoint, reason);
        is_waiting = is_waiting || is_away;
        if (!is_ready && !patience_wait (patience, PAUSE_MS)) {
            log_event (LOG_INFO, "stopped while SQS was away", "");
            return false;
        }
    }
    return true;
}

static void
s_init_queues (sqs_feed_t *self, const char *dead_letter)
{
    bool is_fifo = self->settings->is_fifo;
    self->queues = g_new0 (sqs_queue_t, self->partitions);
    char *other = g_strdup_printf ("%s-0%s", self->settings->prefix, is_fifo ? "" : ".fifo");
    for (uint32_t partition = 0; partition < self->partitions; partition++) {
        char *name = sqs_settings_queue (self->settings, partition);
        sqs_queue_init (
            &self->queues[partition], self->client, self->json, name, partition ? NULL : other);
        g_free (name);
    }
    g_free (other);
    sqs_queue_init (&self->letters, self->client, self->json, dead_letter, NULL);
}

sqs_feed_t *
sqs_feed_open (const bus_choice_t *choice, uint32_t partitions, const patience_t *patience)
{
    sqs_settings_t *settings = sqs_settings_read (choice);
    if (!settings)
        return NULL;
    sqs_feed_t *self = g_new0 (sqs_feed_t, 1);
    self->settings = settings;
    self->client = sqs_client_new (settings);
    self->json = json_writer_new ();
    self->partitions = partitions;
    s_init_queues (self, settings->dead_letter);
    if (!s_find_queues (self, patience)) {
        sqs_feed_close (&self);
        return NULL;
    }
    log_event (LOG_INFO, "reading from SQS", "endpoint=%s topic=%s partitions=%u",
        settings->endpoint, settings->topic, partitions);
    return self;
}

void
sqs_feed_close (sqs_feed_t **self_p)
{
    sqs_feed_t *self = *self_p;
    if (!self)
        return;
    sqs_client_destroy (&self->client);
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        sqs_queue_clear (&self->queues[partition]);
    sqs_queue_clear (&self->letters);
    g_free (self->queues);
    json_writer_destroy (&self->json);
    sqs_settings_destroy (&self->settings);
    g_free (self);
    *self_p = NULL;
}
