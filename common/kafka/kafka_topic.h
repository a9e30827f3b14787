//  A topic: its number of partitions, and its making. The functions wait, for bounded times.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KAFKA_TOPIC_H
#define DOWNLINK_KAFKA_TOPIC_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/domain/position.h"

#define KAFKA_TOPIC_REASON_SIZE 512

typedef enum {
    KAFKA_TOPIC_THERE,    //  and *partitions is set
    KAFKA_TOPIC_MISSING,  //  the cluster answers, and has no such topic
    KAFKA_TOPIC_UNKNOWN,  //  no answer, for example because the brokers are away: ask again
    KAFKA_TOPIC_REFUSED   //  the cluster refuses to tell or to make it: reason says why
} kafka_topic_state_t;

//  Look for a topic. On REFUSED and UNKNOWN write the reason.
kafka_topic_state_t kafka_topic_look (rd_kafka_t *client, const char *name, int timeout_ms,
    uint32_t *partitions, char reason[KAFKA_TOPIC_REASON_SIZE]);

//  Make a topic with the cluster's default replication; partitions 0: its default number too. Return
//  THERE if it was made, or was there: look for it again then.
kafka_topic_state_t kafka_topic_make (rd_kafka_t *client, const char *name, int timeout_ms,
    uint32_t partitions, char reason[KAFKA_TOPIC_REASON_SIZE]);

//  Write the identity of a topic as a feed. Of two topics with one name, in two clusters, the offsets
//  mean something else. cluster: its id; NULL: the cluster does not tell.
void kafka_topic_feed (const char *cluster, const char *name, uint8_t feed[POSITION_FEED_SIZE]);

#endif
