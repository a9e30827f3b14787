//  A producer for one Kafka topic. It sends frames as records, and reports the fate of each frame:
//
//    carried    all its records are on the topic
//    returned   at least one is not known to be there: the frame must be sent again
//
//  librdkafka sends on its own threads, but it reports only in kafka_producer_run, on the worker's
//  thread. The queue in librdkafka is bounded. A fatal error ends a producer: make another one, and
//  send all frames in flight again.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KAFKA_PRODUCER_H
#define DOWNLINK_KAFKA_PRODUCER_H

#include "common/bus/bus_settings.h"
#include "gateway/link/frame_records.h"
#include "gateway/link/link.h"
#include "gateway/metrics/gateway_metrics.h"

#define KAFKA_FLIGHT_BYTES ((size_t) 64 * 1024 * 1024)  //  of records in flight, at most

typedef struct kafka_producer kafka_producer_t;

//  Create a producer. A patient one lets records wait for some milliseconds, so that a broker gets
//  fewer and larger requests. Return NULL if the configuration cannot be used; then the log says
//  why. The arguments are borrowed.
kafka_producer_t *kafka_producer_new (const bus_settings_t *config, const char *topic,
    bool is_patient, worker_metrics_t *metrics, const link_ear_t *ear);

//  Give up all frames in flight, without a report.
void kafka_producer_destroy (kafka_producer_t **self_p);

//  Send the records of a frame. Return false if none can be taken now.
bool kafka_producer_send (kafka_producer_t *self, uint32_t partition, uint64_t sequence,
    const frame_records_t *records) __attribute__ ((warn_unused_result));

//  Report the fate of frames, and learn the state of the brokers, for a bounded time. Never wait.
void kafka_producer_run (kafka_producer_t *self);

//  Return the longest wait before the next run, in microseconds; INT64_MAX: no limit.
int64_t kafka_producer_timeout_us (const kafka_producer_t *self);

//  Return a descriptor that is readable when a run has work.
int kafka_producer_fd (const kafka_producer_t *self);

//  Return true after a fatal error.
bool kafka_producer_is_dead (const kafka_producer_t *self);

//  Return the number of partitions of the topic; 0: not known, or there is no such topic.
uint32_t kafka_producer_partitions (const kafka_producer_t *self);

//  Return true if no broker answers. *reason is the last error, or empty; borrowed.
bool kafka_producer_is_away (const kafka_producer_t *self, const char **reason);

#endif
