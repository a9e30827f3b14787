//  The records of a frame on a Kafka topic: one for each message, with the channel as its key and the
//  message's JSON as its value, exactly as POST /messages takes it. So anybody can read the topic, and
//  write to it.
//
//  The last record of a frame carries a header, by which the processor knows which frame to
//  acknowledge when it has saved that record:
//
//    downlink-frame = source (16 bytes), sequence (8, big-endian), digest (8, big-endian)
//
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KAFKA_RECORDS_H
#define DOWNLINK_KAFKA_RECORDS_H

#include <stdbool.h>

#include "common/bytes/frame.h"

#define KAFKA_FRAME_HEADER "downlink-frame"
#define KAFKA_FRAME_HEADER_SIZE (FRAME_SOURCE_SIZE + 2 * 8)

typedef struct {
    text_t key;
    text_t value;
} kafka_record_t;

//  The records of one frame. It uses its memory again for the next one.
typedef struct kafka_records kafka_records_t;

kafka_records_t *kafka_records_new (void);

void kafka_records_destroy (kafka_records_t **self_p);

//  Make the records of a frame, whose bytes are borrowed until the next call. Return false if the
//  bytes are no frame.
bool kafka_records_make (kafka_records_t *self, const uint8_t *bytes, size_t size, uint64_t digest)
    __attribute__ ((warn_unused_result));

//  Return the records, in the order of the messages, and set *count; at least one.
const kafka_record_t *kafka_records_all (const kafka_records_t *self, size_t *count);

//  Return the bytes of all keys and values.
size_t kafka_records_bytes (const kafka_records_t *self);

//  Return the header of the last record, KAFKA_FRAME_HEADER_SIZE bytes.
const uint8_t *kafka_records_header (const kafka_records_t *self);

#endif
