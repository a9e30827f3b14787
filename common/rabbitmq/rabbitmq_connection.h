//  A connection to a RabbitMQ broker. Its functions wait for the broker, for bounded times, so only
//  a thread for which no other thread waits may own a connection (rabbitmq_client.h). A function
//  that returns false has written the reason: then the connection can no longer be used.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RABBITMQ_CONNECTION_H
#define DOWNLINK_RABBITMQ_CONNECTION_H

#include <stdint.h>

#include "common/rabbitmq/amqp_library.h"
#include "common/rabbitmq/rabbitmq_settings.h"

#define RABBITMQ_REASON_SIZE 512
#define RABBITMQ_QUEUE_NAME_SIZE 256
#define RABBITMQ_FIRST_CHANNEL 1
#define RABBITMQ_REFUSAL_ADVICE                                                                    \
    "look at user, vhost and permissions, and at queues of this name that are no durable quorum "  \
    "queues"
#define RABBITMQ_TIME_HEADER "timestamp_in_ms"  //  other programs use this name too

typedef struct {
    amqp_connection_state_t state;
    int heartbeat_s;   //  as agreed with the broker
    bool is_blocked;   //  the broker takes no messages at the moment: it lacks memory or disk
    bool is_refused;   //  the broker refuses connection or queues until an operator changes them
    bool has_no_room;  //  the owner can take no frames at the moment: none are read
    char reason[RABBITMQ_REASON_SIZE];  //  why a function failed, or the broker blocks
} rabbitmq_connection_t;

//  Connect to a broker, and log in. *self is zeroed memory before.
bool rabbitmq_connection_open (rabbitmq_connection_t *self, const rabbitmq_settings_t *settings,
    const rabbitmq_url_t *url) __attribute__ ((warn_unused_result));

//  Disconnect. is_polite: tell the broker, and wait for its answer for a short time.
void rabbitmq_connection_close (rabbitmq_connection_t *self, bool is_polite);

//  Write the reason of a failure. Return false.
bool rabbitmq_connection_fail (rabbitmq_connection_t *self, const char *what, int status);

//  Return true if the answer of the broker is good; else write the reason.
bool rabbitmq_connection_check (
    rabbitmq_connection_t *self, const char *what, amqp_rpc_reply_t reply);

//  Do the same after a function of rabbitmq-c that returns no status.
bool rabbitmq_connection_check_last (rabbitmq_connection_t *self, const char *what);

//  Write the reason that a broker gives for closing the connection or a channel. Return false.
bool rabbitmq_connection_take_close (rabbitmq_connection_t *self, const amqp_frame_t *frame);

//  Write the name of the queue of a partition.
void rabbitmq_queue_name (
    char name[RABBITMQ_QUEUE_NAME_SIZE], const char *topic, uint32_t partition);

//  Make a durable quorum queue unless it exists. The broker refuses a queue of another kind.
bool rabbitmq_queue_make (rabbitmq_connection_t *self, amqp_channel_t channel, const char *name)
    __attribute__ ((warn_unused_result));

//  Set *depth to the number of messages in a queue that were not delivered to a consumer.
bool rabbitmq_queue_depth (rabbitmq_connection_t *self, amqp_channel_t channel, const char *name,
    uint32_t *depth) __attribute__ ((warn_unused_result));

#endif
