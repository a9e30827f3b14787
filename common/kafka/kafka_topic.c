//  SPDX-License-Identifier: Apache-2.0
#include "common/kafka/kafka_topic.h"

#include <glib.h>
#include <string.h>
#include <xxhash.h>

#define DEFAULT_OF_CLUSTER (-1)

//  Return the state of a topic that an error of librdkafka shows.
static kafka_topic_state_t
s_state_of (rd_kafka_resp_err_t error)
{
    switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
        return KAFKA_TOPIC_THERE;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        return KAFKA_TOPIC_MISSING;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
        return KAFKA_TOPIC_REFUSED;
    default:
        return KAFKA_TOPIC_UNKNOWN;
    }
}

kafka_topic_state_t
kafka_topic_look (rd_kafka_t *client, const char *name, int timeout_ms, uint32_t *partitions,
    char reason[KAFKA_TOPIC_REASON_SIZE])
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *topic = rd_kafka_topic_new (client, name, NULL);
    if (!topic) {
        g_strlcpy (reason, rd_kafka_err2str (rd_kafka_last_error ()), KAFKA_TOPIC_REASON_SIZE);
        return KAFKA_TOPIC_REFUSED;
    }
    rd_kafka_resp_err_t error = rd_kafka_metadata (client, 0, topic, &metadata, timeout_ms);
    if (!error && metadata->topic_cnt == 1) {
        error = metadata->topics[0].err;
        *partitions = (uint32_t) metadata->topics[0].partition_cnt;
        //  A topic that is being made may have none yet.
        if (!error && *partitions == 0)
            error = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    }
    if (metadata)
        rd_kafka_metadata_destroy (metadata);
    rd_kafka_topic_destroy (topic);
    g_strlcpy (reason, rd_kafka_err2str (error), KAFKA_TOPIC_REASON_SIZE);
    return s_state_of (error);
}

//  Read the answer to a request for one topic.
static kafka_topic_state_t
s_read_answer (rd_kafka_event_t *event, char reason[KAFKA_TOPIC_REASON_SIZE])
{
    rd_kafka_resp_err_t error = rd_kafka_event_error (event);
    const char *text = rd_kafka_event_error_string (event);
    const rd_kafka_CreateTopics_result_t *result =
        error ? NULL : rd_kafka_event_CreateTopics_result (event);
    size_t count = 0;
    const rd_kafka_topic_result_t **topics =
        result ? rd_kafka_CreateTopics_result_topics (result, &count) : NULL;
    if (count == 1) {
        error = rd_kafka_topic_result_error (topics[0]);
        text = rd_kafka_topic_result_error_string (topics[0]);
    }
    g_strlcpy (reason, text ? text : rd_kafka_err2str (error), KAFKA_TOPIC_REASON_SIZE);
    return s_state_of (error);
}

kafka_topic_state_t
kafka_topic_make (rd_kafka_t *client, const char *name, int timeout_ms, uint32_t partitions,
    char reason[KAFKA_TOPIC_REASON_SIZE])
{
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new (name, partitions ? (int) partitions : DEFAULT_OF_CLUSTER,
            DEFAULT_OF_CLUSTER, reason, KAFKA_TOPIC_REASON_SIZE);
    if (!topic)
        return KAFKA_TOPIC_REFUSED;
    rd_kafka_queue_t *queue = rd_kafka_queue_new (client);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new (client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    char fault[KAFKA_TOPIC_REASON_SIZE];
    (void) !rd_kafka_AdminOptions_set_request_timeout (options, timeout_ms, fault, sizeof fault);
    (void) !rd_kafka_AdminOptions_set_operation_timeout (options, timeout_ms, fault, sizeof fault);
    rd_kafka_CreateTopics (client, &topic, 1, options, queue);
    //  The request has its own time-out. This one is only for a library that ignores it.
    rd_kafka_event_t *event = rd_kafka_queue_poll (queue, 2 * timeout_ms);
    kafka_topic_state_t state = KAFKA_TOPIC_UNKNOWN;
    g_strlcpy (reason, "no answer", KAFKA_TOPIC_REASON_SIZE);
    if (event) {
        state = s_read_answer (event, reason);
        rd_kafka_event_destroy (event);
    }
    rd_kafka_AdminOptions_destroy (options);
    rd_kafka_queue_destroy (queue);
    rd_kafka_NewTopic_destroy (topic);
    return state;
}

void
kafka_topic_feed (const char *cluster, const char *name, uint8_t feed[POSITION_FEED_SIZE])
{
    char *text = g_strconcat ("kafka\n", cluster ? cluster : "", "\n", name, NULL);
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash (&hash, XXH3_128bits (text, strlen (text)));
    memcpy (feed, hash.digest, POSITION_FEED_SIZE);
    g_free (text);
}
