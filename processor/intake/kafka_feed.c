//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/kafka_feed.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/kafka/kafka_client.h"
#include "common/kafka/kafka_topic.h"
#include "common/process/clock.h"
#include "common/process/log.h"

#define ASK_MS 400    //  longest time that an attempt at the start waits
#define PAUSE_MS 100  //  until the next attempt
#define CLOSE_MS 1000

#define COMMIT_MS 5000       //  until a commit without an answer has failed
#define WAITING_KIB 131072   //  fetched and not yet taken, in all partitions
#define WAITING_MIN_KIB 256  //  the same in one

//  Small answers cost little: malloc makes room for them in memory that is in use already, and each
//  page of a large answer is new. A larger record comes alone.
#define FETCH_BYTES "1048576"   //  of a partition in one answer
#define ANSWER_BYTES "2097152"  //  of all partitions

//  How long a broker without new records waits before it answers. librdkafka sends no other request
//  for records in that time, even if it has room again for partitions whose queues were full.
#define FETCH_WAIT_MS "50"

//  When its queues are full, librdkafka stops fetching, and does not look at them again for up to a
//  second. Newer versions have a setting for that time. In older versions any request wakes the
//  thread that looks.
#define LOOK_MS 20
#define LOOK_BYTES 65536  //  a full queue holds more
#define VERSION_OF_BACKOFF 0x02020000

static void
s_take_error (rd_kafka_t *client, int error, const char *reason, void *context)
{
    kafka_feed_t *self = context;
    (void) client;
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        self->is_away = true;
    else
        log_event (LOG_DEBUG, "an error of librdkafka", "reason=%s", reason);
}

static int
s_take_statistics (rd_kafka_t *client, char *json, size_t size, void *context)
{
    kafka_feed_t *self = context;
    (void) client;
    (void) size;
    if (kafka_statistics_read (&self->statistics, json) && self->statistics.brokers_up > 0)
        self->is_away = false;
    return 0;  //  librdkafka frees the text
}

static void
s_take_commit (rd_kafka_t *client, rd_kafka_resp_err_t error,
    rd_kafka_topic_partition_list_t *offsets, void *context)
{
    kafka_feed_t *self = context;
    (void) client;
    (void) offsets;
    self->commits -= self->commits > 0;
    self->is_commit_due = self->is_commit_due || error;
    if (error)
        log_event (LOG_DEBUG, "offsets of the group were not committed", "reason=%s",
            rd_kafka_err2str (error));
}

//  Make an answer as large as the largest record of the file's settings. librdkafka makes no client
//  whose answers are smaller than its records.
static void
s_fit_answers (rd_kafka_conf_t *settings)
{
    char record[24], answer[24];
    size_t record_size = sizeof record, answer_size = sizeof answer;
    rd_kafka_conf_get (settings, "message.max.bytes", record, &record_size);
    rd_kafka_conf_get (settings, "fetch.max.bytes", answer, &answer_size);
    bool is_ours = strcmp (answer, ANSWER_BYTES) == 0;
    if (is_ours && g_ascii_strtoull (record, NULL, 10) > g_ascii_strtoull (answer, NULL, 10))
        (void) rd_kafka_conf_set (settings, "fetch.max.bytes", record, NULL, 0);
}

static rd_kafka_t *
s_connect (kafka_feed_t *self, const bus_settings_t *config)
{
    char group[300];
    char waiting[16];
    g_snprintf (group, sizeof group, "downlink-%s", self->name);
    g_snprintf (
        waiting, sizeof waiting, "%u", MAX (WAITING_KIB / self->partitions, WAITING_MIN_KIB));
    const kafka_setting_t defaults[] = {{"client.id", "downlink-processor"}, {"group.id", group},
        {"queued.max.messages.kbytes", waiting}, {"fetch.message.max.bytes", FETCH_BYTES},
        {"fetch.max.bytes", ANSWER_BYTES}, {"fetch.wait.max.ms", FETCH_WAIT_MS},
        {"reconnect.backoff.max.ms", "1000"}, {"socket.timeout.ms", "10000"},
        {"socket.connection.setup.timeout.ms", "5000"}, {"socket.keepalive.enable", "true"},
        {self->must_wake ? NULL : "fetch.queue.backoff.ms", G_STRINGIFY (LOOK_MS)}, {0}};
    static const kafka_setting_t fixed[] = {{"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"}, {"isolation.level", "read_committed"},
        {"auto.offset.reset", "error"}, {"enable.partition.eof", "true"},
        {"allow.auto.create.topics", "false"}, {"statistics.interval.ms", "1000"}, {0}};
    rd_kafka_conf_t *settings = kafka_client_settings (config, defaults, fixed);
    if (!settings)
        return NULL;
    s_fit_answers (settings);
    rd_kafka_conf_set_opaque (settings, self);
    rd_kafka_conf_set_error_cb (settings, s_take_error);
    rd_kafka_conf_set_offset_commit_cb (settings, s_take_commit);
    rd_kafka_conf_set_stats_cb (settings, s_take_statistics);
    return kafka_client_new (RD_KAFKA_CONSUMER, settings);
}

//  One attempt to find a topic, or to make it. partitions: of a new one, 0 for the cluster's
//  default; set to those that it has. *is_made: an earlier attempt made it.
static kafka_topic_state_t
s_try_topic (rd_kafka_t *client, const char *topic, uint32_t *partitions, bool *is_made,
    char reason[KAFKA_TOPIC_REASON_SIZE])
{
    uint32_t wanted = *partitions;
    kafka_topic_state_t state = kafka_topic_look (client, topic, ASK_MS, partitions, reason);
    if (state != KAFKA_TOPIC_MISSING)
        return state;
    *reason = 0;
    if (*is_made)
        return KAFKA_TOPIC_UNKNOWN;  //  not all brokers have heard of it: look again
    state = kafka_topic_make (client, topic, ASK_MS, wanted, reason);
    if (state != KAFKA_TOPIC_THERE)
        return state;
    log_event (LOG_INFO, "made a topic in Kafka", "topic=%s", topic);
    *reason = 0;
    *is_made = true;
    return KAFKA_TOPIC_UNKNOWN;
}

//  Find or make a topic, and wait for brokers that are away.
static bool
s_find_topic (
    rd_kafka_t *client, const char *topic, uint32_t *partitions, const patience_t *patience)
{
    char reason[KAFKA_TOPIC_REASON_SIZE];
    uint32_t wanted = *partitions;
    bool is_waiting = false;
    bool is_made = false;
    while (true) {
        *partitions = wanted;
        kafka_topic_state_t state = s_try_topic (client, topic, partitions, &is_made, reason);
        if (state == KAFKA_TOPIC_THERE)
            return true;
        if (state == KAFKA_TOPIC_REFUSED || state == KAFKA_TOPIC_MISSING) {
            log_event (
                LOG_ERROR, "a topic in Kafka cannot be used", "topic=%s reason=%s", topic, reason);
            return false;
        }
        rd_kafka_poll (client, 0);
        if (!is_waiting && *reason)
            log_event (
                LOG_WARN, "waiting for the brokers of Kafka", "topic=%s reason=%s", topic, reason);
        is_waiting = is_waiting || *reason;
        if (!patience_wait (patience, PAUSE_MS)) {
            log_event (LOG_INFO, "stopped while the brokers of Kafka were away", "");
            return false;
        }
    }
}

bool
kafka_feed_make_topic (const kafka_feed_t *self, const char *topic, const patience_t *patience)
{
    uint32_t partitions = 0;
    return s_find_topic (self->client, topic, &partitions, patience);
}

static bool
s_open (kafka_feed_t *self, const patience_t *patience)
{
    uint32_t partitions = self->partitions;
    if (!s_find_topic (self->client, self->name, &partitions, patience))
        return false;
    if (partitions != self->partitions) {
        log_event (LOG_ERROR, "the topic in Kafka has another number of partitions than the state",
            "topic=%s partitions_of_topic=%u partitions_of_state=%u advice=%s", self->name,
            partitions, self->partitions,
            "name another topic with --topic, or move the state with downlink-move --partitions");
        return false;
    }
    char *cluster = rd_kafka_clusterid (self->client, ASK_MS);
    kafka_topic_feed (cluster, self->name, self->id);
    log_event (LOG_INFO, "reading from Kafka", "topic=%s partitions=%u cluster=%s", self->name,
        partitions, cluster ? cluster : "unknown");
    if (cluster)
        rd_kafka_mem_free (self->client, cluster);
    self->topic = rd_kafka_topic_new (self->client, self->name, NULL);
    self->is_away = false;
    return self->topic != NULL;
}

kafka_feed_t *
kafka_feed_open (const bus_settings_t *config, const char *topic, uint32_t partitions,
    const patience_t *patience)
{
    kafka_feed_t *self = g_new0 (kafka_feed_t, 1);
    self->name = g_strdup (topic);
    self->partitions = partitions;
    self->wake_fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    self->must_wake = rd_kafka_version () < VERSION_OF_BACKOFF;
    self->client = self->wake_fd >= 0 ? s_connect (self, config) : NULL;
    if (!self->client || !s_open (self, patience)) {
        kafka_feed_close (&self);
        return NULL;
    }
    static const uint64_t one = 1;
    rd_kafka_queue_t *events = rd_kafka_queue_get_main (self->client);
    rd_kafka_queue_io_event_enable (events, self->wake_fd, &one, sizeof one);
    rd_kafka_queue_destroy (events);
    return self;
}

//  Wait for the answers to commits, unless no broker answers.
static void
s_await_commits (kafka_feed_t *self)
{
    int64_t until_ms = clock_ms () + CLOSE_MS;
    while (self->commits > 0 && !self->is_away && clock_ms () < until_ms)
        rd_kafka_poll (self->client, 10);
}

void
kafka_feed_close (kafka_feed_t **self_p)
{
    kafka_feed_t *self = *self_p;
    if (!self)
        return;
    s_await_commits (self);
    *self_p = NULL;
    //  While a commit is on its way, librdkafka does not end before a broker answers. The commit
    //  does not matter, so leave the threads to the end of the process.
    if (self->commits > 0)
        return;
    if (self->topic)
        rd_kafka_topic_destroy (self->topic);
    if (self->client)
        rd_kafka_destroy (self->client);
    if (self->wake_fd >= 0)
        close (self->wake_fd);
    g_free (self->name);
    g_free (self);
}

bool
kafka_feed_run (kafka_feed_t *self)
{
    uint64_t count;
    bool came = read (self->wake_fd, &count, sizeof count) == sizeof count;
    rd_kafka_poll (self->client, 0);
    return came;
}

void
kafka_feed_note_taken (kafka_feed_t *self, size_t bytes)
{
    const struct rd_kafka_metadata *metadata = NULL;
    self->taken_bytes += bytes;
    if (!self->must_wake || self->taken_bytes < LOOK_BYTES || clock_ms () < self->look_at_ms)
        return;
    self->taken_bytes = 0;
    self->look_at_ms = clock_ms () + LOOK_MS;
    //  Any request wakes the thread. The answer to this one does not matter.
    if (rd_kafka_metadata (self->client, 0, self->topic, &metadata, 0) == 0)
        rd_kafka_metadata_destroy (metadata);
}

void
kafka_feed_commit (kafka_feed_t *self, rd_kafka_topic_partition_list_t *offsets)
{
    if (rd_kafka_commit (self->client, offsets, 1) == RD_KAFKA_RESP_ERR_NO_ERROR)
        self->commits++;
    else
        self->is_commit_due = true;
    rd_kafka_topic_partition_list_destroy (offsets);
}
