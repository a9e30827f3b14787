//  Publish messages to queues, and report the fate of each:
//
//    carried    the queue has it on a majority of its brokers (publisher confirms)
//    returned   it is not known to be there: publish it again
//
//  The publisher has a thread (rabbitmq_client.h). All functions are for its owner and never wait;
//  rabbitmq_publisher_run reports the fates on the owner's thread. The messages without a fate are
//  bounded.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RABBITMQ_PUBLISHER_H
#define DOWNLINK_RABBITMQ_PUBLISHER_H

#include "common/rabbitmq/rabbitmq_client.h"
#include "common/text/text.h"

#define RABBITMQ_FLIGHT_BYTES ((size_t) 64 * 1024 * 1024)  //  of messages without a fate, at most
#define RABBITMQ_FLIGHTS 16384                             //  their number, at most
#define RABBITMQ_HEADERS_MAX 4

typedef struct rabbitmq_publisher rabbitmq_publisher_t;

//  A header of a message. Bytes are a byte array for the receiver, text is a string.
typedef struct {
    const char *name;  //  a constant
    text_t value;
    bool is_bytes;
} rabbitmq_header_t;

typedef struct {
    uint64_t id;  //  the owner's, for the fate
    uint32_t queue;
    text_t body;
    rabbitmq_header_t headers[RABBITMQ_HEADERS_MAX];
    size_t headers_count;
} rabbitmq_message_t;

//  Hear the fate of a message, and how long it took.
typedef void (rabbitmq_fate_fn) (void *context, uint64_t id, bool is_carried, int64_t took_us);

//  Create a publisher. It writes ear_fd, an eventfd, when rabbitmq_publisher_run has work. topic is
//  the name of the queue, or, with is_divided, the beginning of the names of queues. Settings and
//  topic are borrowed. Return NULL if there can be no thread; then the log says why.
rabbitmq_publisher_t *rabbitmq_publisher_new (const rabbitmq_settings_t *settings,
    const char *topic, bool is_divided, int ear_fd) __attribute__ ((warn_unused_result));

//  Forget all messages without a report, and disconnect. Return false if the thread still uses
//  settings and topic (rabbitmq_client_end).
bool rabbitmq_publisher_destroy (rabbitmq_publisher_t **self_p)
    __attribute__ ((warn_unused_result));

//  Set the number of queues; 0: none. The publisher makes missing queues.
void rabbitmq_publisher_set_queues (rabbitmq_publisher_t *self, uint32_t count);

//  Publish a copy of a message to one of the queues. Return false if none can be taken now.
bool rabbitmq_publisher_send (rabbitmq_publisher_t *self, const rabbitmq_message_t *message)
    __attribute__ ((warn_unused_result));

//  Report all fates that are known, and update the condition.
void rabbitmq_publisher_run (rabbitmq_publisher_t *self, rabbitmq_fate_fn *tell, void *context);

//  The condition at the last run.
typedef struct {
    uint64_t session;  //  a number for each connection; 0: none with all queues
    bool is_away;      //  no broker answers, or it takes no messages
    bool is_refused;   //  a broker refuses connection or queues, until an operator changes that
    char reason[RABBITMQ_REASON_SIZE];  //  of the last failure; empty: none
} rabbitmq_publisher_condition_t;

const rabbitmq_publisher_condition_t *rabbitmq_publisher_condition (
    const rabbitmq_publisher_t *self);

#endif
