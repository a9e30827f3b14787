//  Look for a topic, and make one. The functions wait, for bounded times.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KAFKA_TOPIC_H
#define DOWNLINK_KAFKA_TOPIC_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/domain/position.h"

#define KAFKA_TOPIC_REASON_SIZE 512

typedef enum {
    KAFKA_TOPIC_THERE,    //  the topic exists, and *partitions is set
    KAFKA_TOPIC_MISSING,  //  the cluster answers, and has no such topic
    KAFKA_TOPIC_UNKNOWN,  //  no answer, for example because the brokers are away: ask again
    KAFKA_TOPIC_REFUSED   //  the cluster refuses to tell or to make it: reason says why
} kafka_topic_state_t;

//  Look for a topic. On REFUSED and UNKNOWN write the reason.
kafka_topic_state_t kafka_topic_look (rd_kafka_t *client, const char *name, int timeout_ms,
    uint32_t *partitions, char reason[KAFKA_TOPIC_REASON_SIZE]);

//  Make a topic with the cluster's default replication; partitions 0: with its default number of
//  partitions too. Return THERE if the topic was made, or existed before: then look for it again.
kafka_topic_state_t kafka_topic_make (rd_kafka_t *client, const char *name, int timeout_ms,
    uint32_t partitions, char reason[KAFKA_TOPIC_REASON_SIZE]);

//  Write the identity of a topic as a feed. Topics with one name in two clusters have different
//  identities, because their offsets have nothing in common. cluster: the cluster's id; NULL:
//  unknown.
void kafka_topic_feed (const char *cluster, const char *name, uint8_t feed[POSITION_FEED_SIZE]);

#endif
