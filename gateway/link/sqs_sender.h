//  Send frames to the queues of SQS, a queue for each partition, and report the fate of each frame:
//
//    carried    SQS has all its messages
//    returned   at least one message is not known to be there: the frame must be sent again
//
//  A queue has one request in progress. Frames that are sent meanwhile wait and share the next
//  request. The sender reports fates in the order of sending. When a queue fails, its next request
//  waits, longer each time. No function waits for the network. The worker's thread owns a sender.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_SENDER_H
#define DOWNLINK_SQS_SENDER_H

#include "common/sqs/sqs_client.h"
#include "gateway/link/frame_records.h"
#include "gateway/link/link.h"
#include "gateway/metrics/gateway_metrics.h"

#define SQS_FLIGHT_BYTES ((size_t) 64 * 1024 * 1024)  //  of sent frames without a fate

typedef struct sqs_sender sqs_sender_t;

//  Make a sender. The arguments are borrowed.
sqs_sender_t *sqs_sender_new (
    const sqs_settings_t *settings, worker_metrics_t *metrics, const link_ear_t *ear);

//  Give up all frames, without a report.
void sqs_sender_destroy (sqs_sender_t **self_p);

//  Send a frame. Return false if none can be taken now.
bool sqs_sender_send (sqs_sender_t *self, uint32_t partition, uint64_t sequence,
    const frame_records_t *records) __attribute__ ((warn_unused_result));

//  Forget the frames that wait for their request: the partitions have changed.
void sqs_sender_forget (sqs_sender_t *self);

//  Make requests, and report the fate of frames.
void sqs_sender_run (sqs_sender_t *self);

//  Return a descriptor that is readable when a run has work.
int sqs_sender_fd (const sqs_sender_t *self);

//  Return true if SQS is away. *reason is the last fault, or empty; borrowed.
bool sqs_sender_is_away (const sqs_sender_t *self, const char **reason);

//  Return a sentence about a queue that cannot be used, or NULL.
const char *sqs_sender_fault (const sqs_sender_t *self);

#endif
