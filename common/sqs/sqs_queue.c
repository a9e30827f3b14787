//  SPDX-License-Identifier: Apache-2.0
#include "common/sqs/sqs_queue.h"

#include <glib.h>

#include "common/process/clock.h"
#include "common/process/log.h"

#define AGAIN_MS 500
#define FAULTY_MS 5000
#define LOST_MS 3000  //  then make a missing queue again; a service that starts may not know it yet

void
sqs_queue_init (sqs_queue_t *self, sqs_client_t *client, json_writer_t *json, const char *name,
    const char *other)
{
    *self = (sqs_queue_t){
        .client = client, .json = json, .name = g_strdup (name), .other = g_strdup (other)};
}

void
sqs_queue_clear (sqs_queue_t *self)
{
    g_free (self->name);
    g_free (self->other);
    g_free (self->url);
}

//  Try again later.
static void
s_rest (sqs_queue_t *self, sqs_queue_state_t state, int64_t ms)
{
    self->state = state;
    self->again_at_ms = clock_ms () + ms;
    sqs_client_wake_at (self->client, self->again_at_ms);
}

//  Handle a reply that did not bring what the call asked for.
static void
s_fail (sqs_queue_t *self, const sqs_reply_t *reply)
{
    g_snprintf (self->fault, sizeof self->fault, "%s", reply->reason);
    if (reply->outcome != SQS_REFUSED)
        s_rest (self, SQS_QUEUE_UNKNOWN, AGAIN_MS);
    else
        s_rest (self, SQS_QUEUE_FAULTY, FAULTY_MS);
}

//  Take the address of the queue. Return false if the reply has none.
static bool
s_take_url (sqs_queue_t *self, const sqs_reply_t *reply)
{
    const char *url = reply->json ? sqs_json_string (reply->json, "QueueUrl") : NULL;
    if (!url)
        return false;
    g_free (self->url);
    self->url = g_strdup (url);
    self->state = SQS_QUEUE_READY;
    self->fault[0] = 0;
    sqs_client_wake_at (self->client, 0);
    return true;
}

static void
s_take_made (void *context, const sqs_reply_t *reply)
{
    sqs_queue_t *self = context;
    if (reply->outcome == SQS_DONE && s_take_url (self, reply)) {
        self->is_made = true;
        log_event (LOG_INFO, "made a queue in SQS", "queue=%s", self->name);
    }
    else
        s_fail (self, reply);
}

static void
s_make (sqs_queue_t *self)
{
    sqs_client_call (self->client, "CreateQueue",
        sqs_body_create (self->json, self->name, sqs_client_config (self->client)), 0, s_take_made,
        self);
}

static void
s_take_other (void *context, const sqs_reply_t *reply)
{
    sqs_queue_t *self = context;
    if (reply->outcome == SQS_MISSING)
        s_make (self);
    else if (reply->outcome == SQS_DONE) {
        g_snprintf (self->fault, sizeof self->fault,
            "there is a queue %s and none named %s: set fifo=%s in the file of --sqs-config, or "
            "choose another --topic",
            self->other, self->name, g_str_has_suffix (self->other, ".fifo") ? "yes" : "no");
        s_rest (self, SQS_QUEUE_FAULTY, FAULTY_MS);
    }
    else
        s_fail (self, reply);
}

static void
s_take_found (void *context, const sqs_reply_t *reply)
{
    sqs_queue_t *self = context;
    if (reply->outcome == SQS_DONE && s_take_url (self, reply))
        return;
    if (reply->outcome != SQS_MISSING)
        s_fail (self, reply);
    else if (self->other)
        sqs_client_call (self->client, "GetQueueUrl", sqs_body_get_url (self->json, self->other), 0,
            s_take_other, self);
    else
        s_make (self);
}

void
sqs_queue_run (sqs_queue_t *self)
{
    if (self->state == SQS_QUEUE_READY || self->state == SQS_QUEUE_ASKED ||
        !sqs_client_can_call (self->client))
        return;
    if (clock_ms () < self->again_at_ms) {
        sqs_client_wake_at (self->client, self->again_at_ms);
        return;
    }
    self->state = SQS_QUEUE_ASKED;
    sqs_client_call (self->client, "GetQueueUrl", sqs_body_get_url (self->json, self->name), 0,
        s_take_found, self);
}

void
sqs_queue_lose (sqs_queue_t *self)
{
    if (self->state != SQS_QUEUE_READY)
        return;
    log_event (LOG_WARN, "a queue in SQS is missing: it is looked for, and made anew", "queue=%s",
        self->name);
    s_rest (self, SQS_QUEUE_UNKNOWN, LOST_MS);
}
