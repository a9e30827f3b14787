//  Send bad messages to the queue of --dead-letter. A letter has the body of the message, and the
//  headers `reason` and `queue`. The processor publishes it again until the broker has it. After a
//  lost connection the broker delivers its message again, and a new letter is sent. The processor's
//  thread owns the letters.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RABBITMQ_DEAD_LETTERS_H
#define DOWNLINK_RABBITMQ_DEAD_LETTERS_H

#include "common/rabbitmq/rabbitmq_publisher.h"
#include "processor/intake/dead_letters.h"
#include "processor/rabbitmq/rabbitmq_consumer.h"

//  Hear that the letter of a message is carried. The arguments are those of its delivery.
typedef void (rabbitmq_letter_fn) (
    void *context, uint32_t partition, uint64_t assignment, uint64_t instance, uint64_t tag);

//  Connect. Settings, queue and topic are borrowed. ear_fd is an eventfd, written when
//  rabbitmq_dead_letters_run has work. Return NULL if there can be no thread; then the log says
//  why.
dead_letters_t *rabbitmq_dead_letters_new (const rabbitmq_settings_t *settings, const char *queue,
    const char *topic, int ear_fd, rabbitmq_letter_fn *carried, void *context);

//  Forget the letters that are not carried: the next reader of their messages sends them. Return
//  false as rabbitmq_publisher_destroy does.
bool rabbitmq_dead_letters_destroy (dead_letters_t **base_p) __attribute__ ((warn_unused_result));

//  Send the letter of a message. Take the message.
void rabbitmq_dead_letters_send (
    dead_letters_t *base, rabbitmq_delivery_t *delivery, const char *reason);

//  Report carried letters, and publish those that wait. Never wait.
void rabbitmq_dead_letters_run (dead_letters_t *base);

//  Return the condition of the connection.
const rabbitmq_publisher_condition_t *rabbitmq_dead_letters_condition (const dead_letters_t *base);

#endif
