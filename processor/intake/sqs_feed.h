//  The feed of --bus=sqs: a client, and a queue for each partition of the state. The processor's
//  thread owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_FEED_H
#define DOWNLINK_SQS_FEED_H

#include "common/service/patience.h"
#include "common/sqs/sqs_queue.h"

typedef struct {
    sqs_settings_t *settings;
    sqs_client_t *client;
    json_writer_t *json;
    uint32_t partitions;
    sqs_queue_t *queues;  //  by partition
    sqs_queue_t letters;  //  the queue of dead letters; without a name: there is none
} sqs_feed_t;

//  Look for the queues, and make those that are missing. Wait for a service that is away. Return
//  NULL if the patience ends, or if the settings or a queue cannot be used; then the log says why.
sqs_feed_t *sqs_feed_open (
    const bus_choice_t *choice, uint32_t partitions, const patience_t *patience);

//  Give up all calls.
void sqs_feed_close (sqs_feed_t **self_p);

#endif
