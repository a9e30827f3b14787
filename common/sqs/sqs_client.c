//  SPDX-License-Identifier: Apache-2.0
#include "common/sqs/sqs_client.h"

#include <glib.h>
#include <string.h>

#include "common/process/clock.h"
#include "common/process/log.h"
#include "common/sqs/aws_credentials.h"

#define FAULT_LOG_MS 5000
#define HTTP_OK 200

typedef struct {
    sqs_client_t *client;
    sqs_reply_fn *replied;
    void *context;
    const char *action;  //  a constant
    int64_t begun_us;
} call_t;

struct sqs_client {
    const sqs_settings_t *settings;
    web_t *web;
    aws_credentials_t *credentials;
    GHashTable *calls;         //  of call_t *
    int64_t failing_since_ms;  //  0: the last call worked
    int64_t heard_ms;
    uint64_t received;
    int64_t trip_us;
    int64_t fault_logged_ms;
    char reason[SQS_REASON_SIZE];
};

sqs_client_t *
sqs_client_new (const sqs_settings_t *settings)
{
    sqs_client_t *self = g_new0 (sqs_client_t, 1);
    self->settings = settings;
    self->web = web_new ();
    self->credentials = aws_credentials_new (settings->profile, self->web);
    self->calls = g_hash_table_new_full (NULL, NULL, g_free, NULL);
    return self;
}

void
sqs_client_destroy (sqs_client_t **self_p)
{
    sqs_client_t *self = *self_p;
    if (!self)
        return;
    web_destroy (&self->web);
    aws_credentials_destroy (&self->credentials);
    g_hash_table_destroy (self->calls);
    g_free (self);
    *self_p = NULL;
}

const sqs_settings_t *
sqs_client_config (const sqs_client_t *self)
{
    return self->settings;
}

bool
sqs_client_can_call (const sqs_client_t *self)
{
    return aws_credentials_key (self->credentials) != NULL;
}

//  Note whether a call succeeded.
static void
s_note (sqs_client_t *self, const call_t *call, const sqs_reply_t *reply)
{
    int64_t now_ms = clock_ms ();
    self->heard_ms = now_ms;
    if (reply->outcome != SQS_AWAY && reply->outcome != SQS_DENIED) {
        self->trip_us = clock_us () - call->begun_us;
        self->failing_since_ms = 0;
        self->reason[0] = 0;
        return;
    }
    if (!self->failing_since_ms)
        self->failing_since_ms = now_ms;
    g_strlcpy (self->reason, reply->reason, sizeof self->reason);
    if (reply->outcome == SQS_DENIED)
        aws_credentials_distrust (self->credentials);
    if (!log_is_due (&self->fault_logged_ms, FAULT_LOG_MS))
        return;
    if (reply->outcome == SQS_DENIED)
        log_event (LOG_WARN, "SQS refuses the key or a right: the call is tried again",
            "action=%s reason=%s advice=%s", call->action, reply->reason,
            "look at the key, its rights (docs/scaling.md has the list), and the clock of this "
            "machine");
    else
        log_event (LOG_WARN, "a call of SQS failed: it is tried again", "action=%s reason=%s",
            call->action, reply->reason);
}

static void
s_take_answer (void *context, const web_answer_t *answer)
{
    call_t *call = context;
    sqs_client_t *self = call->client;
    sqs_refusal_t refusal = {.outcome = SQS_DONE};
    sqs_json_t *json = answer->status ? sqs_json_read (answer->body) : NULL;
    if (!answer->status) {
        refusal.outcome = SQS_AWAY;
        g_strlcpy (refusal.reason, answer->fault, sizeof refusal.reason);
    }
    else if (answer->status != HTTP_OK)
        sqs_refusal_read (&refusal, answer->status, json);
    sqs_reply_t reply = {.outcome = refusal.outcome,
        .json = answer->status == HTTP_OK ? json : NULL,
        .code = refusal.code,
        .reason = refusal.reason};
    self->received += answer->body.size;
    s_note (self, call, &reply);
    call->replied (call->context, &reply);
    if (json)
        sqs_json_free (&json);
    g_hash_table_remove (self->calls, call);
}

void
sqs_client_call (sqs_client_t *self, const char *action, text_t body, int wait_s,
    sqs_reply_fn *replied, void *context)
{
    static const aws_key_t none = {
        .id = (char *) (gpointer) "none", .secret = (char *) (gpointer) "none"};
    const aws_key_t *key = aws_credentials_key (self->credentials);
    key = key ? key : &none;
    call_t *call = g_new0 (call_t, 1);
    *call = (call_t){self, replied, context, action, clock_us ()};
    g_hash_table_add (self->calls, call);
    char *target = g_strconcat ("X-Amz-Target: AmazonSQS.", action, NULL);
    const char *headers[] = {"Content-Type: application/x-amz-json-1.0", target, NULL};
    web_signature_t signature = {.region = self->settings->region,
        .service = "sqs",
        .key = key->id,
        .secret = key->secret,
        .token = key->token};
    web_send (self->web,
        &(web_request_t){.method = "POST",
            .url = self->settings->endpoint,
            .headers = headers,
            .body = body,
            .signature = &signature,
            .timeout_ms = SQS_CALL_MS + wait_s * 1000},
        s_take_answer, call);
    g_free (target);
}

void
sqs_client_run (sqs_client_t *self)
{
    web_run (self->web);
    aws_credentials_run (self->credentials);
    if (sqs_client_can_call (self))
        return;
    const char *fault = aws_credentials_fault (self->credentials);
    if (!self->failing_since_ms)
        self->failing_since_ms = clock_ms ();
    if (fault)
        g_strlcpy (self->reason, fault, sizeof self->reason);
}

void
sqs_client_wake_at (sqs_client_t *self, int64_t at_ms)
{
    web_wake_at (self->web, at_ms);
}

int
sqs_client_fd (const sqs_client_t *self)
{
    return web_fd (self->web);
}

bool
sqs_client_is_away (const sqs_client_t *self, const char **reason)
{
    *reason = self->reason;
    return self->failing_since_ms && clock_ms () - self->failing_since_ms >= SQS_AWAY_MS;
}

int64_t
sqs_client_heard_ms (const sqs_client_t *self)
{
    return self->heard_ms;
}

uint64_t
sqs_client_received (const sqs_client_t *self)
{
    return self->received;
}

int64_t
sqs_client_trip_us (const sqs_client_t *self)
{
    return self->trip_us;
}
