//  Call SQS: JSON over HTTP, signed. Every call ends with one reply, from sqs_client_run. One
//  thread owns a client.
//
//  The service is away when every call has failed for SQS_AWAY_MS: no answer, too many requests, or
//  a missing right.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_CLIENT_H
#define DOWNLINK_SQS_CLIENT_H

#include "common/sqs/sqs_refusal.h"
#include "common/sqs/sqs_settings.h"

#define SQS_CALL_MS 10000  //  longest time of a call, besides the wait for messages
#define SQS_AWAY_MS 3000

typedef struct sqs_client sqs_client_t;

//  A reply, borrowed.
typedef struct {
    sqs_outcome_t outcome;
    const sqs_json_t *json;  //  an object; NULL unless DONE
    const char *code;        //  of AWS, for example "QueueDoesNotExist"; "" if there is none
    const char *reason;      //  a sentence; "" when DONE
} sqs_reply_t;

typedef void (sqs_reply_fn) (void *context, const sqs_reply_t *reply);

//  Make a client. The configuration is borrowed.
sqs_client_t *sqs_client_new (const sqs_settings_t *settings);

//  Give up all calls, without replies.
void sqs_client_destroy (sqs_client_t **self_p);

const sqs_settings_t *sqs_client_config (const sqs_client_t *self);

//  Return true if there is a key. Without a key the service refuses every call.
bool sqs_client_can_call (const sqs_client_t *self);

//  Call an action, such as "SendMessageBatch", with a body that is copied. wait_s: how much longer
//  than usual the service may take.
void sqs_client_call (sqs_client_t *self, const char *action, text_t body, int wait_s,
    sqs_reply_fn *replied, void *context);

//  Take answers from the network, and report the replies. Never wait.
void sqs_client_run (sqs_client_t *self);

//  Make the descriptor ready at this time of clock_ms at the latest; the next run forgets it.
void sqs_client_wake_at (sqs_client_t *self, int64_t at_ms);

//  Return a descriptor that is readable when a run has work.
int sqs_client_fd (const sqs_client_t *self);

//  Return true if the service is away. *reason is the last fault, or empty; borrowed.
bool sqs_client_is_away (const sqs_client_t *self, const char **reason);

//  Return the time of clock_ms of the last reply of any kind; 0: there was none.
int64_t sqs_client_heard_ms (const sqs_client_t *self);

//  Return the number of bytes of all answers so far.
uint64_t sqs_client_received (const sqs_client_t *self);

//  Return the time that the last successful call took, in microseconds.
int64_t sqs_client_trip_us (const sqs_client_t *self);

#endif
