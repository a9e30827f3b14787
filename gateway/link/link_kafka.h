//  The link over Kafka: each message is a record on one topic, in the partition of its channel. A
//  frame is carried when the brokers have all its records (acks=all).
//
//  The number of partitions is what the processors announce, or that of the topic while none of them
//  has spoken. As long as the two differ, nothing is sent.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LINK_KAFKA_H
#define DOWNLINK_LINK_KAFKA_H

#include "gateway/link/link.h"
#include "gateway/metrics/gateway_metrics.h"
#include "gateway/owners/directory.h"

//  Make a link to a topic, with the settings in a file (common/kafka/kafka_config.h). Return NULL if
//  they cannot be used; then the log says why. Topic, directory and metrics are borrowed.
link_t *link_kafka_new (const char *config_path, const char *topic, const directory_t *directory,
    worker_metrics_t *metrics);

#endif
