//  A queue of SQS by name: it is looked for, and made if it is not there. Nothing waits.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_QUEUE_H
#define DOWNLINK_SQS_QUEUE_H

#include "common/sqs/sqs_batch.h"

typedef enum {
    SQS_QUEUE_UNKNOWN,
    SQS_QUEUE_ASKED,  //  a call is under way
    SQS_QUEUE_READY,  //  and has its url
    SQS_QUEUE_FAULTY  //  it cannot be used: fault says why. It is looked at again from time to time
} sqs_queue_state_t;

typedef struct {
    sqs_client_t *client;
    json_writer_t *json;  //  borrowed
    char *name;
    char *other;  //  the name that must not be there; NULL: any may
    char *url;    //  NULL: not known
    sqs_queue_state_t state;
    bool is_made;  //  by us
    int64_t again_at_ms;
    char fault[SQS_REASON_SIZE];  //  a sentence; in UNKNOWN the last failure, or empty
} sqs_queue_t;

//  Begin with a queue; the names are copied. other: that of a queue of the other kind, or NULL; if that
//  one is there and this one is not, somebody chose the other kind. Client and writer are borrowed.
//  The memory must stay where it is.
void sqs_queue_init (sqs_queue_t *self, sqs_client_t *client, json_writer_t *json, const char *name,
    const char *other);

//  Call it after the client is destroyed, which may have a call.
void sqs_queue_clear (sqs_queue_t *self);

//  Look for the queue, or make it, unless it is ready.
void sqs_queue_run (sqs_queue_t *self);

//  Look again: a call was told that it is missing.
void sqs_queue_lose (sqs_queue_t *self);

#endif
