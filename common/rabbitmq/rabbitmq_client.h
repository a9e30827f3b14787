//  A thread with a connection to a broker, as the functions of rabbitmq-c wait. When the connection
//  breaks, the thread makes another one, after a pause that grows. The calls use
//  the connection, in the thread; their owner guards everything that it shares with the thread.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RABBITMQ_CLIENT_H
#define DOWNLINK_RABBITMQ_CLIENT_H

#include <stdint.h>

#include "common/rabbitmq/rabbitmq_connection.h"

typedef struct rabbitmq_client rabbitmq_client_t;

typedef struct {
    //  A connection was made. Return false if it cannot be used, with the reason in it.
    bool (*begin) (void *context, rabbitmq_connection_t *connection);

    //  Do the work, for a bounded time. Set *timeout_ms to the longest wait before the next
    //  call; it is INT_MAX before. Return false if the connection broke.
    bool (*run) (void *context, rabbitmq_connection_t *connection, int *timeout_ms);

    //  Take the frame of a method on a channel. Return false if the connection is of no more use.
    bool (*take) (void *context, rabbitmq_connection_t *connection, amqp_frame_t *frame);

    //  The connection has ended, or could not be made; its reason is known.
    void (*end) (void *context, const rabbitmq_connection_t *connection);
} rabbitmq_calls_t;

//  Start the thread. Settings and calls are borrowed.
rabbitmq_client_t *rabbitmq_client_new (
    const rabbitmq_settings_t *settings, const rabbitmq_calls_t *calls, void *context);

//  Let the thread make a run now. Any thread may call it.
void rabbitmq_client_wake (rabbitmq_client_t *self);

//  End the thread, and its connection. Return false if it does not end in time, for example as it waits
//  for a name to be resolved: then the thread keeps settings and context for itself.
bool rabbitmq_client_end (rabbitmq_client_t **self_p) __attribute__ ((warn_unused_result));

#endif
