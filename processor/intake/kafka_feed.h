//  The feed of --bus=kafka: a connection to the brokers and a topic with one partition for each
//  partition of the state. The processor's thread owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KAFKA_FEED_H
#define DOWNLINK_KAFKA_FEED_H

#include <librdkafka/rdkafka.h>

#include "common/bus/bus_settings.h"
#include "common/domain/position.h"
#include "common/kafka/kafka_statistics.h"
#include "common/service/patience.h"

typedef struct {
    rd_kafka_t *client;
    rd_kafka_topic_t *topic;
    char *name;  //  of the topic
    uint32_t partitions;
    uint8_t id[POSITION_FEED_SIZE];  //  the cluster and the topic, for positions
    int wake_fd;                     //  an eventfd that librdkafka writes when something came
    kafka_statistics_t statistics;   //  the latest report
    bool is_away;                    //  no broker answers
    unsigned commits;                //  without an answer yet
    bool is_commit_due;              //  a commit failed
    bool must_wake;      //  librdkafka does not notice by itself that a full queue was emptied
    size_t taken_bytes;  //  since librdkafka was woken
    int64_t look_at_ms;  //  when it may be woken again
} kafka_feed_t;

//  Connect to the brokers, and make the topic if it is missing. Wait for brokers that are away.
//  Return NULL if the patience ends, or if brokers or topic cannot be used; then the log says why.
kafka_feed_t *kafka_feed_open (const bus_settings_t *config, const char *topic, uint32_t partitions,
    const patience_t *patience);

//  Wait for the last commits, for a bounded time, and disconnect. Call this at the end of the
//  process.
void kafka_feed_close (kafka_feed_t **self_p);

//  Make a topic that is missing, with the cluster's defaults. Return false in the same way.
bool kafka_feed_make_topic (const kafka_feed_t *self, const char *topic, const patience_t *patience)
    __attribute__ ((warn_unused_result));

//  Take the events of the connection. Never wait. Return true if an event, or records of any
//  partition, may have come since the last call.
bool kafka_feed_run (kafka_feed_t *self);

//  Note how many bytes of records the source has taken since the last call, so that librdkafka soon
//  fetches again where it stopped at a full queue. Never wait.
void kafka_feed_note_taken (kafka_feed_t *self, size_t bytes);

//  Commit offsets for the consumer group `downlink-` + topic, so that Kafka's tools show the lag.
//  Take the offsets.
void kafka_feed_commit (kafka_feed_t *self, rd_kafka_topic_partition_list_t *offsets);

#endif
