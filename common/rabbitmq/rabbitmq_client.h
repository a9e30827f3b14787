//  A thread with a connection to a broker, because the functions of rabbitmq-c wait. When the
//  connection breaks, the thread makes a new one, after a pause that grows. The calls use the
//  connection, on the thread; their owner guards all data that it shares with the thread.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RABBITMQ_CLIENT_H
#define DOWNLINK_RABBITMQ_CLIENT_H

#include <stdint.h>

#include "common/rabbitmq/rabbitmq_connection.h"

typedef struct rabbitmq_client rabbitmq_client_t;

typedef struct {
    //  A connection was made. Return false, with the reason in the connection, if it cannot be
    //  used.
    bool (*begin) (void *context, rabbitmq_connection_t *connection);

    //  Do the work, for a bounded time. Lower *timeout_ms, which is INT_MAX, to the longest wait
    //  before the next call. Return false if the connection broke.
    bool (*run) (void *context, rabbitmq_connection_t *connection, int *timeout_ms);

    //  Take the frame of a method on a channel. Return false if the connection can no longer be
    //  used.
    bool (*take) (void *context, rabbitmq_connection_t *connection, amqp_frame_t *frame);

    //  The connection has ended, or could not be made; connection->reason says why.
    void (*end) (void *context, const rabbitmq_connection_t *connection);
} rabbitmq_calls_t;

//  Start the thread. Settings and calls are borrowed. Return NULL if it cannot be started; then the
//  log says why.
rabbitmq_client_t *rabbitmq_client_new (const rabbitmq_settings_t *settings,
    const rabbitmq_calls_t *calls, void *context) __attribute__ ((warn_unused_result));

//  Make the thread call run now. Any thread may call this function.
void rabbitmq_client_wake (rabbitmq_client_t *self);

//  End the thread, and its connection. Return false if the thread does not end in time, for example
//  because it is resolving a name: then it still uses settings and context, and the caller must not
//  free them.
bool rabbitmq_client_end (rabbitmq_client_t **self_p) __attribute__ ((warn_unused_result));

#endif
