//  The source of --bus=kafka, against the cluster that librdkafka pretends to be: positions,
//  faults, dead letters, assignments.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <stdio.h>

#include "common/process/clock.h"
#include "processor/choose_source.h"
#include "processor/intake/dead_letters.h"

#define PARTITIONS 4
#define WAIT_MS 60000
#define TOPIC "downlink"
#define DEAD "dead"
#define PRODUCE 0         //  ApiKey of the request
#define REFUSALS 10000    //  more than a test has time for
#define LARGE 850000      //  bytes of a record
#define LARGE_COUNT 5     //  of them in a partition
#define FULL_BYTES 3000   //  of a record; some of them are a full queue
#define FULL_RECORDS 100  //  that are fetched together
#define FULL_SETS 12
#define FULL_TURNS 3
#define TURNS 1200  //  of 50 ms

static shards_t s_shards = {.partitions = PARTITIONS, .partitioner = PARTITIONER_MURMUR2};
static source_t *s_source;
static rd_kafka_t *s_producer;  //  and the owner of the cluster
static rd_kafka_mock_cluster_t *s_cluster;
static char *s_file;
static const char *s_more = "";  //  lines for the file
static uint64_t s_number;        //  of the last message

static void
s_make_cluster (void)
{
    char fault[256];
    rd_kafka_conf_t *settings = rd_kafka_conf_new ();
    rd_kafka_conf_set_log_cb (settings, NULL);
    cr_assert_eq (
        rd_kafka_conf_set (settings, "test.mock.num.brokers", "1", fault, sizeof fault), 0);
    s_producer = rd_kafka_new (RD_KAFKA_PRODUCER, settings, fault, sizeof fault);
    s_cluster = rd_kafka_handle_mock_cluster (s_producer);
    rd_kafka_mock_topic_create (s_cluster, TOPIC, PARTITIONS, 1);
    rd_kafka_mock_topic_create (s_cluster, DEAD, 1, 1);
    int file = g_file_open_tmp (NULL, &s_file, NULL);
    cr_assert (file >= 0 && g_close (file, NULL));
    char *text = g_strconcat (
        "bootstrap.servers=", rd_kafka_mock_cluster_bootstraps (s_cluster), "\n", s_more, NULL);
    cr_assert (g_file_set_contents (s_file, text, -1, NULL));
    g_free (text);
}

static void
s_open (void)
{
    bus_choice_t choice = {BUS_KAFKA, s_file, TOPIC, DEAD};
    patience_t patience = {.stop_fd = -1};
    s_source = choose_source (&(source_setup_t){&choice, &patience, NULL, &s_shards, NULL});
    cr_assert_not_null (s_source);
}

static void
s_set_up (void)
{
    s_make_cluster ();
    s_open ();
}

static void
s_tear_down (void)
{
    s_source->destroy (&s_source);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        shard_destroy (&s_shards.shards[partition]);
    rd_kafka_destroy (s_producer);
    g_unlink (s_file);
    g_free (s_file);
}

TestSuite (source_kafka, .init = s_set_up, .fini = s_tear_down, .timeout = 300);

//  Own a partition, with a new shard at a stored offset; -1: none.
static void
s_own (uint32_t partition, int64_t offset, const uint8_t *feed)
{
    shard_destroy (&s_shards.shards[partition]);
    shard_t *shard = shard_new ((owned_t){partition, 1}, ORDERING_CONVERGE);
    position_t position = {.offset = offset};
    if (feed)
        memcpy (position.feed, feed, POSITION_FEED_SIZE);
    if (offset >= 0)
        changes_restore_position (shard_changes (shard), &position);
    s_shards.shards[partition] = shard;
}

//  Write the next message of the rocket of a partition.
static void
s_print_message (uint32_t partition, char channel[32], char message[256])
{
    strcpy (channel, "rocket-0");
    for (int number = 0;
         partition_of (text_from (channel), shards_layout (&s_shards)) != partition;)
        snprintf (channel, 32, "rocket-%d", ++number);
    snprintf (message, 256,
        "{\"metadata\":{\"channel\":\"%s\",\"messageNumber\":%llu,\"messageTime\":"
        "\"2022-02-02T19:39:05Z\",\"messageType\":\"RocketSpeedIncreased\"},\"message\":{\"by\":7}"
        "}",
        channel, (unsigned long long) ++s_number);
}

//  Write a record with the next message of the rocket of a partition, or another value.
static void
s_write (uint32_t partition, const char *value)
{
    char channel[32];
    char message[256];
    s_print_message (partition, channel, message);
    const char *text = value ? value : message;
    rd_kafka_vu_t record[] = {{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = TOPIC},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = (int32_t) partition},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {channel, strlen (channel)}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *) (uintptr_t) text, strlen (text)}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY}};
    cr_assert_null (rd_kafka_produceva (s_producer, record, sizeof record / sizeof *record));
    cr_assert_eq (rd_kafka_flush (s_producer, WAIT_MS), 0);
}

//  Let the broker refuse all writes from now on.
static void
s_refuse_records (void)
{
    rd_kafka_resp_err_t errors[REFUSALS];
    for (size_t index = 0; index < REFUSALS; index++)
        errors[index] = RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS;
    rd_kafka_mock_push_request_errors_array (s_cluster, PRODUCE, REFUSALS, errors);
}

//  Run the source until a counter has a value.
static void
s_run_until (const uint64_t *counter, uint64_t value)
{
    int64_t until_ms = clock_ms () + WAIT_MS;
    while (*counter < value) {
        cr_assert_lt (clock_ms (), until_ms, "%llu instead of %llu", (unsigned long long) *counter,
            (unsigned long long) value);
        if (!s_source->take (s_source, 8000)) {
            struct pollfd wake = {.fd = s_source->item (s_source).fd, .events = POLLIN};
            (void) poll (&wake, 1, 100);
        }
    }
}

//  Run the source for a while.
static void
s_run_for (int64_t ms)
{
    for (int64_t until_ms = clock_ms () + ms; clock_ms () < until_ms;) {
        (void) s_source->take (s_source, 8000);
        g_usleep (2000);
    }
}

static int64_t
s_offset (uint32_t partition)
{
    position_t position;
    return changes_position (shard_changes (s_shards.shards[partition]), &position)
               ? position.offset
               : -1;
}

Test (source_kafka, reads_owned_partitions_from_the_earliest_record)
{
    s_write (0, NULL);
    s_write (1, NULL);
    s_own (0, -1, NULL);
    cr_assert (s_source->assign (s_source, 0));
    s_write (0, NULL);
    s_run_until (&s_shards.counters.applied, 2);
    s_run_for (100);
    cr_assert_eq (s_shards.counters.applied, 2, "a partition of others was read");
    cr_assert_eq (s_offset (0), 2);
}

Test (source_kafka, reads_on_from_the_stored_position)
{
    for (int count = 0; count < 5; count++)
        s_write (2, NULL);
    s_own (2, -1, NULL);
    cr_assert (s_source->assign (s_source, 2));
    s_run_until (&s_shards.counters.applied, 5);
    position_t position;
    cr_assert (changes_position (shard_changes (s_shards.shards[2]), &position));
    s_source->revoke (s_source, 2);
    s_write (2, NULL);
    //  The state went back, to before the records that the source has fetched.
    s_own (2, 3, position.feed);
    cr_assert (s_source->assign (s_source, 2));
    s_run_until (&s_shards.counters.records, 5 + 3);
    s_run_for (100);
    cr_assert_eq (s_shards.counters.records, 5 + 3, "each from there on, once");
    cr_assert_eq (s_offset (2), 6);
}

Test (source_kafka, refuses_a_position_of_another_feed)
{
    uint8_t other[POSITION_FEED_SIZE] = {1, 2, 3};
    s_own (0, 1, other);
    cr_assert_not (s_source->assign (s_source, 0));
}

Test (source_kafka, reads_nothing_of_a_revoked_partition)
{
    s_own (0, -1, NULL);
    cr_assert (s_source->assign (s_source, 0));
    s_source->revoke (s_source, 0);
    s_write (0, NULL);
    s_run_for (300);
    cr_assert_eq (s_shards.counters.records, 0);
}

Test (source_kafka, goes_on_at_the_earliest_record_where_its_own_is_gone)
{
    s_write (0, NULL);
    s_own (0, -1, NULL);
    cr_assert (s_source->assign (s_source, 0));
    s_run_until (&s_shards.counters.applied, 1);
    position_t position;
    cr_assert (changes_position (shard_changes (s_shards.shards[0]), &position));
    s_source->revoke (s_source, 0);
    s_own (0, 700, position.feed);
    cr_assert (s_source->assign (s_source, 0));
    s_run_until (&s_shards.counters.feed_gaps, 1);
    s_run_until (&s_shards.counters.records, 2);
    cr_assert_eq (s_offset (0), 1, "the position goes back");
}

Test (source_kafka, does_not_pass_a_bad_record_before_its_letter_is_delivered)
{
    s_write (0, NULL);
    s_write (0, "junk");
    s_write (0, NULL);
    s_refuse_records ();
    s_own (0, -1, NULL);
    cr_assert (s_source->assign (s_source, 0));
    s_run_until (&s_shards.counters.applied, 2);
    s_run_for (300);
    cr_assert_eq (s_shards.counters.records_refused, 1);
    cr_assert_eq (s_shards.counters.dead_letters, 0);
    cr_assert_eq (s_offset (0), 1, "the record behind it is folded, and the position waits");
    rd_kafka_mock_clear_request_errors (s_cluster, PRODUCE);
    s_run_until (&s_shards.counters.dead_letters, 1);
    cr_assert_eq (s_offset (0), 3);
}

Test (source_kafka, pauses_while_too_many_messages_are_not_saved)
{
    s_own (1, -1, NULL);
    for (uint64_t number = 1; number <= SOURCE_UNSAVED_MAX; number++)
        shards_fold (&s_shards, s_shards.shards[1],
            &(message_t){.channel = text_from ("apollo"),
                .number = number,
                .kind = MESSAGE_SPED_UP,
                .speed = 1});
    s_write (0, NULL);
    s_own (0, -1, NULL);
    cr_assert (s_source->assign (s_source, 0));
    s_run_for (300);
    cr_assert_eq (s_shards.counters.records, 0);
    s_own (1, -1, NULL);  //  as if all of it were saved
    s_run_until (&s_shards.counters.records, 1);
}

//  The cluster keeps 5 MiB of each partition.
Test (source_kafka, pauses_while_too_many_letters_wait)
{
    const uint64_t count = PARTITIONS * LARGE_COUNT;
    cr_assert_geq (count * LARGE, DEAD_LETTERS_MAX_BYTES);
    cr_assert_lt ((count - 1) * LARGE, DEAD_LETTERS_MAX_BYTES, "the last one is still read");
    char *junk = g_strnfill (LARGE, 'x');
    for (uint32_t index = 0; index < count; index++)
        s_write (index % PARTITIONS, junk);
    g_free (junk);
    s_refuse_records ();
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        s_own (partition, -1, NULL);
        cr_assert (s_source->assign (s_source, partition));
    }
    s_run_until (&s_shards.counters.records_refused, count);
    s_source->revoke (s_source, 0);
    s_own (0, -1, NULL);
    cr_assert (s_source->assign (s_source, 0));
    s_run_for (300);
    cr_assert_eq (s_shards.counters.records, count, "it is read again only when there is room");
    cr_assert_eq (s_source->health (s_source).dead_letters_waiting, count);
    rd_kafka_mock_clear_request_errors (s_cluster, PRODUCE);
    s_run_until (&s_shards.counters.dead_letters, count + LARGE_COUNT);
}

//  Gateways and processors may share a file, and gateways may write large records.
static void
s_set_up_large (void)
{
    s_more = "message.max.bytes=4000000\n";
    s_set_up ();
}

Test (source_kafka_large, starts_where_records_may_be_larger_than_an_answer, .init = s_set_up_large,
    .fini = s_tear_down, .timeout = 300)
{
    s_own (0, -1, NULL);
    cr_assert (s_source->assign (s_source, 0));
    s_write (0, NULL);
    s_run_until (&s_shards.counters.records, 1);
}

//  Let one answer fill a queue.
static void
s_set_up_small (void)
{
    s_more = "queued.max.messages.kbytes=1\nfetch.message.max.bytes=10000\n";
    s_set_up ();
}

TestSuite (source_kafka_full, .init = s_set_up_small, .fini = s_tear_down, .timeout = 300);

//  Write records that are fetched together.
static void
s_write_set (uint32_t partition)
{
    char *value = g_strnfill (FULL_BYTES, ' ');
    char channel[32];
    char message[256];
    rd_kafka_topic_t *topic = rd_kafka_topic_new (s_producer, TOPIC, NULL);
    for (int count = 0; count < FULL_RECORDS; count++) {
        s_print_message (partition, channel, message);
        memcpy (value, message, strlen (message));
        cr_assert_eq (rd_kafka_produce (topic, (int32_t) partition, RD_KAFKA_MSG_F_COPY, value,
                          FULL_BYTES, channel, strlen (channel), NULL),
            0);
    }
    cr_assert_eq (rd_kafka_flush (s_producer, WAIT_MS), 0);
    rd_kafka_topic_destroy (topic);
    g_free (value);
}

//  Read some full queues of partition 0, beside other partitions without records. Return how long
//  that takes.
static int64_t
s_read_sets (uint32_t others)
{
    uint64_t applied = s_shards.counters.applied;
    for (int count = 0; count < FULL_SETS; count++)
        s_write_set (0);
    int64_t start_ms = clock_ms ();
    for (uint32_t partition = 0; partition <= others; partition++) {
        s_own (partition, -1, NULL);
        cr_assert (s_source->assign (s_source, partition));
    }
    s_run_until (&s_shards.counters.applied, applied + (uint64_t) FULL_SETS * FULL_RECORDS);
    return clock_ms () - start_ms;
}

//  Return true if full queues are read within a time. A busy machine may be slow as well, but hardly
//  with each of some clusters.
static bool
s_reads_within (uint32_t others, int64_t soon_ms)
{
    bool is_soon = s_read_sets (others) < soon_ms;
    for (int turn = 1; turn < FULL_TURNS && !is_soon; turn++) {
        s_tear_down ();
        s_set_up_small ();
        is_soon = s_read_sets (others) < soon_ms;
    }
    return is_soon;
}

//  librdkafka waits for a second otherwise, each time.
Test (source_kafka_full, fetches_on_soon_after_a_full_queue_was_read)
{
    cr_expect (s_reads_within (0, FULL_SETS * 1000 / 2));
}

//  While a queue is full, librdkafka asks for the other partitions only, and asks for nothing else
//  before the broker has answered: by default it waits for half a second.
Test (source_kafka_full, fetches_on_soon_beside_partitions_without_records)
{
    cr_expect (s_reads_within (PARTITIONS - 1, FULL_SETS * 500 / 2));
}

Test (source_kafka, knows_no_lag_before_the_broker_has_told)
{
    s_write (0, NULL);
    rd_kafka_mock_broker_set_down (s_cluster, 1);
    s_own (0, -1, NULL);
    cr_assert (s_source->assign (s_source, 0));
    s_run_for (300);
    (void) s_source->health (s_source);
    cr_assert_not (s_shards.lags[0].is_known);
    rd_kafka_mock_broker_set_up (s_cluster, 1);
    s_run_until (&s_shards.counters.applied, 1);
    (void) s_source->health (s_source);
    cr_assert (s_shards.lags[0].is_known);
    cr_assert_eq (s_shards.lags[0].messages, 1);
}

Test (source_kafka, tells_how_far_it_is_behind)
{
    s_own (0, -1, NULL);
    cr_assert (s_source->assign (s_source, 0));
    for (int count = 0; count < 3; count++)
        s_write (0, NULL);
    s_run_until (&s_shards.counters.applied, 3);
    s_run_for (100);
    bus_health_t health = s_source->health (s_source);
    cr_assert_str_eq (health.kind, "kafka");
    cr_assert_not (health.is_away);
    cr_assert_eq (s_shards.lags[0].messages, 3, "they are not saved");
    position_t position;
    cr_assert (changes_position (shard_changes (s_shards.shards[0]), &position));
    s_source->saved (s_source, 0, &position);
    (void) s_source->health (s_source);
    cr_assert_eq (s_shards.lags[0].messages, 0);
    cr_assert_eq (s_shards.lags[0].age_ms, 0);
}

Test (source_kafka, notices_that_the_brokers_go_and_come)
{
    s_own (0, -1, NULL);
    cr_assert (s_source->assign (s_source, 0));
    s_write (0, NULL);
    s_run_until (&s_shards.counters.applied, 1);
    rd_kafka_mock_broker_set_down (s_cluster, 1);
    for (int turn = 0; turn < TURNS && !s_source->health (s_source).is_away; turn++)
        s_run_for (50);
    cr_assert (s_source->health (s_source).is_away);
    rd_kafka_mock_broker_set_up (s_cluster, 1);
    for (int turn = 0; turn < TURNS && s_source->health (s_source).is_away; turn++)
        s_run_for (50);
    cr_assert_not (s_source->health (s_source).is_away);
    s_write (0, NULL);
    s_run_until (&s_shards.counters.applied, 2);
}
