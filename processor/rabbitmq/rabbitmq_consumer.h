//  Read the queues of partitions, TOPIC.N, on a separate thread
//  (common/rabbitmq/rabbitmq_client.h). All functions are for the owner of the consumer and never
//  wait.
//
//  Each open partition has a channel. When a channel closes, its unacknowledged messages go back to
//  the queue, and are delivered again, here or elsewhere. After a lost connection the thread opens
//  new channels for the open partitions. Each channel has a new number, its instance.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RABBITMQ_CONSUMER_H
#define DOWNLINK_RABBITMQ_CONSUMER_H

#include <glib.h>

#include "common/bus/frame_tag.h"
#include "common/rabbitmq/rabbitmq_client.h"

#define RABBITMQ_PREFETCH                                                                          \
    512  //  messages of a partition that are delivered and not acknowledged, at most
#define RABBITMQ_WAITING_BYTES ((size_t) 64 * 1024 * 1024)  //  delivered and not taken, about

#define RABBITMQ_DEPTH_UNKNOWN UINT32_MAX  //  of a queue that was not measured yet

typedef struct rabbitmq_consumer rabbitmq_consumer_t;

//  A message that was delivered.
typedef struct {
    uint32_t partition;
    uint64_t assignment;  //  the number under which the partition was opened
    uint64_t instance;    //  of its channel
    uint64_t tag;         //  rising on a channel
    int64_t time_ms;      //  when it was published; 0: not known
    bool has_frame_tag;   //  a gateway wrote it
    uint8_t frame_tag[FRAME_TAG_SIZE];
    void *body;  //  of free (3); NULL: empty
    size_t size;
    GList link;
} rabbitmq_delivery_t;

void rabbitmq_delivery_free (rabbitmq_delivery_t *self);

//  The condition of the broker.
typedef struct {
    bool is_ready;    //  there is a connection, with all queues
    bool is_refused;  //  a broker refuses connection or queues, until an operator changes that
    uint64_t received_bytes;
    char reason[RABBITMQ_REASON_SIZE];  //  of the last failure; empty: none
} rabbitmq_consumer_condition_t;

//  Create a consumer. It makes missing queues, and writes ear_fd, an eventfd, when deliveries have
//  come. Settings and topic are borrowed. Return NULL if there can be no thread; then the log says
//  why.
rabbitmq_consumer_t *rabbitmq_consumer_new (const rabbitmq_settings_t *settings, const char *topic,
    uint32_t partitions, int ear_fd) __attribute__ ((warn_unused_result));

//  Disconnect, and drop the deliveries that are not taken. Return false if the thread still uses
//  settings and topic (rabbitmq_client_end).
bool rabbitmq_consumer_destroy (rabbitmq_consumer_t **self_p) __attribute__ ((warn_unused_result));

//  Open a partition, under a number that is new. Deliveries begin.
void rabbitmq_consumer_open (rabbitmq_consumer_t *self, uint32_t partition, uint64_t assignment);

//  Stop the deliveries of a partition. Earlier ones can still be acknowledged.
void rabbitmq_consumer_pause (rabbitmq_consumer_t *self, uint32_t partition);

//  Close a partition: messages without an acknowledgement go back to its queue.
void rabbitmq_consumer_close (rabbitmq_consumer_t *self, uint32_t partition);

//  Acknowledge all messages of a channel up to a tag. Nothing happens if the channel is gone.
void rabbitmq_consumer_acknowledge (
    rabbitmq_consumer_t *self, uint32_t partition, uint64_t instance, uint64_t tag);

//  Append all deliveries that have come to a queue (of rabbitmq_delivery_t). Their bytes count as
//  waiting until rabbitmq_consumer_took.
void rabbitmq_consumer_take (rabbitmq_consumer_t *self, GQueue *deliveries);
void rabbitmq_consumer_took (rabbitmq_consumer_t *self, size_t bytes);

//  Copy the latest condition. If depths is not NULL, set it to the number of messages that wait in
//  the queue of each partition, or RABBITMQ_DEPTH_UNKNOWN.
void rabbitmq_consumer_look (
    rabbitmq_consumer_t *self, rabbitmq_consumer_condition_t *condition, uint32_t *depths);

#endif
