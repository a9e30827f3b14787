//  The source of --bus=kafka: records of a topic, from the positions that are saved with the state.
//  Gateways and any other programs write them. The header `downlink-frame` on the last record of a
//  frame names the frame, for its ack: 16 bytes source, 8 sequence, 8 digest, big-endian.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SOURCE_KAFKA_H
#define DOWNLINK_SOURCE_KAFKA_H

#include "common/service/patience.h"
#include "processor/intake/source.h"

typedef struct {
    const char *config;  //  of --kafka-config: a path
    const char *topic;   //  made if it is missing
    const char
        *dead_letter;  //  the topic of bad records, made likewise; NULL: they are only logged
} source_kafka_config_t;

//  Connect, and wait for brokers that are away. The shards are borrowed. Return NULL if the patience
//  ends, or if configuration, brokers or topics cannot be used; then the log says why.
source_t *source_kafka_new (
    const source_kafka_config_t *config, const patience_t *patience, shards_t *shards);

#endif
