//  Look up a queue of SQS by its name, and make it if it does not exist. No function waits.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_QUEUE_H
#define DOWNLINK_SQS_QUEUE_H

#include "common/sqs/sqs_batch.h"

typedef enum {
    SQS_QUEUE_UNKNOWN,
    SQS_QUEUE_ASKED,  //  a call is in progress
    SQS_QUEUE_READY,  //  it exists, and url is set
    SQS_QUEUE_FAULTY  //  it cannot be used: fault says why. It is checked again from time to time
} sqs_queue_state_t;

typedef struct {
    sqs_client_t *client;
    json_writer_t *json;  //  borrowed
    char *name;
    char *other;  //  the name of a queue that must not exist; NULL: none
    char *url;    //  NULL: not known
    sqs_queue_state_t state;
    bool is_made;  //  by us
    int64_t again_at_ms;
    char fault[SQS_REASON_SIZE];  //  a sentence; in UNKNOWN the last failure, or empty
} sqs_queue_t;

//  Begin with a queue; the names are copied. other: the name of the queue as the other kind
//  (standard or FIFO), or NULL; if only that queue exists, the settings name the wrong kind. Client
//  and writer are borrowed. The structure must not move.
void sqs_queue_init (sqs_queue_t *self, sqs_client_t *client, json_writer_t *json, const char *name,
    const char *other);

//  Free the members. Destroy the client first, as it may have a call for this queue.
void sqs_queue_clear (sqs_queue_t *self);

//  Look for the queue, or make it, unless it is ready.
void sqs_queue_run (sqs_queue_t *self);

//  Look the queue up again, because a call was refused for a missing queue.
void sqs_queue_lose (sqs_queue_t *self);

#endif
