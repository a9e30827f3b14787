//  The limit of a bus over Kafka: librdkafka writes records, or reads them, and nothing else happens.
//  bench-records BROKERS TOPIC write|read COUNT
//
//  Records have the size of messages, and as many keys as a run has rockets. A reader begins at the
//  earliest record of every partition and ends when it has read COUNT.
//  SPDX-License-Identifier: Apache-2.0
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_BYTES 201  //  of a message that bench/rows/buses.py writes
#define KEYS 8000u
#define BATCH 512
#define WAIT_MS 1000
#define CONNECT_MS 10000
#define FLUSH_MS 60000

static rd_kafka_t *
s_connect (rd_kafka_type_t type, const char *brokers)
{
    static const char *const settings[][2] = {{"group.id", "bench-records"}, {"linger.ms", "10"},
        {"queue.buffering.max.messages", "1000000"}, {"enable.auto.commit", "false"},
        {"partitioner", "murmur2_random"}, {"log_level", "0"}};
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new ();
    bool good = rd_kafka_conf_set (conf, "bootstrap.servers", brokers, reason, sizeof reason) ==
                RD_KAFKA_CONF_OK;
    for (size_t at = 0; good && at < sizeof settings / sizeof *settings; at++)
        good = rd_kafka_conf_set (conf, settings[at][0], settings[at][1], reason, sizeof reason) ==
               RD_KAFKA_CONF_OK;
    return good ? rd_kafka_new (type, conf, reason, sizeof reason) : NULL;
}

//  Write a record when there is room in the queue. Return false on failure.
static bool
s_write_one (rd_kafka_t *client, rd_kafka_topic_t *topic, char *value, const char *key, int size)
{
    while (rd_kafka_produce (topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value, VALUE_BYTES,
               key, (size_t) size, NULL) != 0) {
        if (rd_kafka_last_error () != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return false;
        rd_kafka_poll (client, 1);
    }
    return true;
}

//  Write the records, and wait for their delivery. Return false if some were not delivered.
static bool
s_write (rd_kafka_t *client, const char *name, unsigned long count)
{
    char value[VALUE_BYTES];
    memset (value, 'm', sizeof value);
    rd_kafka_topic_t *topic = rd_kafka_topic_new (client, name, NULL);
    bool good = topic != NULL;
    for (unsigned long at = 0; good && at < count; at++) {
        char key[40];
        int size = snprintf (key, sizeof key, "193270a9-c9cf-404a-8f83-%012lu", at % KEYS);
        good = s_write_one (client, topic, value, key, size);
        if (at % BATCH == 0)
            rd_kafka_poll (client, 0);
    }
    good = good && rd_kafka_flush (client, FLUSH_MS) == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (topic)
        rd_kafka_topic_destroy (topic);
    return good;
}

//  Read every partition from its beginning. Return false on failure.
static bool
s_begin (rd_kafka_t *client, const char *name)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new (client, name, NULL);
    if (rd_kafka_metadata (client, 0, topic, &metadata, CONNECT_MS) || metadata->topic_cnt != 1)
        return false;
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new (0);
    for (int at = 0; at < metadata->topics[0].partition_cnt; at++)
        rd_kafka_topic_partition_list_add (all, name, at)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_resp_err_t error = rd_kafka_assign (client, all);
    rd_kafka_topic_partition_list_destroy (all);
    rd_kafka_metadata_destroy (metadata);
    rd_kafka_topic_destroy (topic);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool
s_read (rd_kafka_t *client, const char *topic, unsigned long count)
{
    rd_kafka_message_t *records[BATCH];
    if (!s_begin (client, topic))
        return false;
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer (client);
    for (unsigned long seen = 0; seen < count;) {
        ssize_t taken = rd_kafka_consume_batch_queue (queue, WAIT_MS, records, BATCH);
        for (ssize_t at = 0; at < taken; at++) {
            seen += records[at]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
            rd_kafka_message_destroy (records[at]);
        }
    }
    rd_kafka_queue_destroy (queue);
    return true;
}

int
main (int argc, char **argv)
{
    unsigned long count = argc == 5 ? strtoul (argv[4], NULL, 10) : 0;
    bool is_reader = argc == 5 && strcmp (argv[3], "read") == 0;
    if (count == 0 || (!is_reader && strcmp (argv[3], "write") != 0)) {
        fputs ("usage: bench-records BROKERS TOPIC write|read COUNT\n", stderr);
        return 2;
    }
    rd_kafka_t *client = s_connect (is_reader ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, argv[1]);
    bool good =
        client && (is_reader ? s_read (client, argv[2], count) : s_write (client, argv[2], count));
    if (!good)
        fprintf (stderr, "bench-records: cannot %s %s at %s\n", argv[3], argv[2], argv[1]);
    //  Threads of the library end with the process.
    return good ? 0 : 1;
}
