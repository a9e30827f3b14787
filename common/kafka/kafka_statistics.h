//  Read the statistics that librdkafka reports about itself and its brokers, as JSON, at regular
//  times (its setting statistics.interval.ms).
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KAFKA_STATISTICS_H
#define DOWNLINK_KAFKA_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t brokers;           //  known to the client
    uint64_t brokers_up;        //  connected; 0: the cluster is away
    uint64_t waiting_messages;  //  in the producer's queue and on their way
    uint64_t waiting_bytes;
    uint64_t sent_bytes;         //  since the start
    uint64_t received_bytes;     //  likewise
    uint64_t request_timeouts;   //  likewise
    uint64_t partitions;         //  of the client's topics, as far as they are known
    uint64_t slowest_broker_us;  //  the highest of the brokers' 99th percentiles of round trips
} kafka_statistics_t;

//  Read a report. Return false if the text is not one.
bool kafka_statistics_read (kafka_statistics_t *self, const char *json)
    __attribute__ ((warn_unused_result));

#endif
