//  Requests to a Kafka cluster, here to the mock cluster of librdkafka.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "common/kafka/kafka_statistics.h"
#include "common/kafka/kafka_topic.h"

#define ASK_MS 60000
#define TURNS 600  //  of 100 ms

static kafka_statistics_t s_statistics;

static int
s_take_statistics (rd_kafka_t *client, char *json, size_t size, void *context)
{
    (void) client;
    (void) size;
    (void) context;
    cr_assert (kafka_statistics_read (&s_statistics, json));
    return 0;
}

static rd_kafka_t *
s_connect (const char *servers)
{
    rd_kafka_conf_t *settings = rd_kafka_conf_new ();
    cr_assert_eq (rd_kafka_conf_set (settings, "bootstrap.servers", servers, NULL, 0), 0);
    cr_assert_eq (rd_kafka_conf_set (settings, "statistics.interval.ms", "100", NULL, 0), 0);
    rd_kafka_conf_set_stats_cb (settings, s_take_statistics);
    rd_kafka_conf_set_log_cb (settings, NULL);
    rd_kafka_t *client = rd_kafka_new (RD_KAFKA_PRODUCER, settings, NULL, 0);
    cr_assert_not_null (client);
    return client;
}

Test (kafka_cluster, tells_the_partitions_of_a_topic)
{
    rd_kafka_t *owner = s_connect ("localhost:1");
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new (owner, 1);
    rd_kafka_mock_topic_create (cluster, "downlink", 7, 1);
    rd_kafka_t *client = s_connect (rd_kafka_mock_cluster_bootstraps (cluster));
    char reason[KAFKA_TOPIC_REASON_SIZE];
    uint32_t partitions = 0;
    cr_assert_eq (
        kafka_topic_look (client, "downlink", ASK_MS, &partitions, reason), KAFKA_TOPIC_THERE);
    cr_assert_eq (partitions, 7);
    for (int turn = 0; turn < TURNS && s_statistics.brokers_up == 0; turn++)
        rd_kafka_poll (client, 100);
    cr_assert_geq (s_statistics.brokers_up, 1);
    cr_assert_gt (s_statistics.received_bytes, 0);
    rd_kafka_destroy (client);
    rd_kafka_mock_cluster_destroy (cluster);
    rd_kafka_destroy (owner);
}

//  The pretended cluster of librdkafka 2.8 (Debian 13) ends the process when a topic has an error.
#define VERSION_OF_DEBIAN_12 0x020002ff

Test (kafka_cluster, tells_why_a_topic_cannot_be_read)
{
    if (rd_kafka_version () > VERSION_OF_DEBIAN_12)
        cr_skip_test ("the mock cluster of this librdkafka has no errors of topics");
    rd_kafka_t *owner = s_connect ("localhost:1");
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new (owner, 1);
    rd_kafka_t *client = s_connect (rd_kafka_mock_cluster_bootstraps (cluster));
    char reason[KAFKA_TOPIC_REASON_SIZE];
    uint32_t partitions = 0;
    rd_kafka_mock_topic_set_error (cluster, "secret", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    rd_kafka_mock_topic_set_error (cluster, "none", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    cr_assert_eq (
        kafka_topic_look (client, "secret", ASK_MS, &partitions, reason), KAFKA_TOPIC_REFUSED);
    cr_assert_eq (
        kafka_topic_look (client, "none", ASK_MS, &partitions, reason), KAFKA_TOPIC_MISSING);
    rd_kafka_destroy (client);
    rd_kafka_mock_cluster_destroy (cluster);
    rd_kafka_destroy (owner);
}

Test (kafka_cluster, that_is_away_tells_nothing)
{
    rd_kafka_t *client = s_connect ("127.0.0.1:1");
    char reason[KAFKA_TOPIC_REASON_SIZE];
    uint32_t partitions = 0;
    cr_assert_eq (
        kafka_topic_look (client, "downlink", 100, &partitions, reason), KAFKA_TOPIC_UNKNOWN);
    cr_assert_eq (kafka_topic_make (client, "downlink", 100, 7, reason), KAFKA_TOPIC_UNKNOWN);
    cr_assert_not (kafka_statistics_read (&s_statistics, "{}"));
    cr_assert_not (kafka_statistics_read (&s_statistics, "brokers"));
    rd_kafka_destroy (client);
}
