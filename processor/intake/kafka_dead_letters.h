//  Send bad records to the topic of --dead-letter. A letter has the key, the value and the headers
//  of the record, and the headers `reason`, `topic`, `partition` and `offset`. It is sent again
//  until a broker has it. The processor's thread owns the letters.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KAFKA_DEAD_LETTERS_H
#define DOWNLINK_KAFKA_DEAD_LETTERS_H

#include <librdkafka/rdkafka.h>

#include "common/bus/bus_settings.h"
#include "processor/intake/dead_letters.h"

//  Hear that the letter of a record is delivered. assignment is the one under which the record was
//  read.
typedef void (kafka_delivered_fn) (
    void *context, uint32_t partition, uint64_t assignment, int64_t offset);

//  Connect a producer. It writes wake_fd, an eventfd, when kafka_dead_letters_run has work; context
//  is for delivered. Return NULL on failure; then the log says why.
dead_letters_t *kafka_dead_letters_new (const bus_settings_t *config, const char *topic,
    int wake_fd, kafka_delivered_fn *delivered, void *context);

//  Forget the letters that are not delivered: the next reader of their records sends them.
void kafka_dead_letters_destroy (dead_letters_t **base_p);

//  Send the letter of a record. topic is the topic that the record comes from.
void kafka_dead_letters_send (dead_letters_t *base, const rd_kafka_message_t *record,
    const char *topic, uint64_t assignment, const char *reason);

//  Report deliveries, and send failed letters again. Never wait.
void kafka_dead_letters_run (dead_letters_t *base);

#endif
