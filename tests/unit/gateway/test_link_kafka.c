//  The link over Kafka, against the cluster that librdkafka pretends to be: frames are carried
//  or given back, and brokers are away or back.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "common/network/socket.h"
#include "common/process/clock.h"
#include "gateway/link/choose_link.h"
#include "gateway/link/frame_records.h"

#define PARTITIONS 3
#define TOPIC "flights"
#define PRODUCE 0  //  Kafka's number of the request
#define PATIENCE_MS 60000
#define REST_MS 500  //  of a link after a failure

static rd_kafka_t *s_owner;
static rd_kafka_mock_cluster_t *s_cluster;
static char *s_path;
static directory_t *s_directory;
static worker_metrics_t s_metrics;
static link_t *s_link;
static GArray *s_carried;   //  of uint64_t: sequences
static GArray *s_returned;  //  likewise
static unsigned s_refused;

static rd_kafka_t *
s_new_client (rd_kafka_type_t kind, const char *servers)
{
    rd_kafka_conf_t *settings = rd_kafka_conf_new ();
    cr_assert_eq (rd_kafka_conf_set (settings, "bootstrap.servers", servers, NULL, 0), 0);
    cr_assert_eq (rd_kafka_conf_set (settings, "group.id", "readers", NULL, 0), 0);
    rd_kafka_conf_set_log_cb (settings, NULL);
    rd_kafka_t *client = rd_kafka_new (kind, settings, NULL, 0);
    cr_assert_not_null (client);
    return client;
}

static void
s_carry (void *context, uint64_t sequence)
{
    (void) context;
    g_array_append_val (s_carried, sequence);
}

static void
s_return (void *context, uint64_t sequence, bool is_refused)
{
    (void) context;
    g_array_append_val (s_returned, sequence);
    s_refused += is_refused;
}

static link_t *
s_new (void)
{
    bus_choice_t choice = {.bus = BUS_KAFKA, .settings = s_path, .topic = TOPIC};
    return choose_link (
        &(link_setup_t){.choice = &choice, .directory = s_directory, .metrics = &s_metrics});
}

//  Make a link; further settings, a line each.
static void
s_open (const char *settings)
{
    char *text = g_strdup_printf (
        "bootstrap.servers=%s\n%s\n", rd_kafka_mock_cluster_bootstraps (s_cluster), settings);
    cr_assert (g_file_set_contents (s_path, text, -1, NULL));
    g_free (text);
    s_link = s_new ();
    cr_assert_not_null (s_link);
    s_link->hear (s_link, &(link_ear_t){NULL, s_carry, s_return});
}

static void
s_set_up (void)
{
    s_owner = s_new_client (RD_KAFKA_PRODUCER, "localhost:1");
    s_cluster = rd_kafka_mock_cluster_new (s_owner, 1);
    rd_kafka_mock_topic_create (s_cluster, TOPIC, PARTITIONS, 1);
    s_path = g_strdup_printf ("/tmp/test-link-kafka-%d", (int) getpid ());
    s_directory = directory_new (NULL, NULL, NULL);
    s_carried = g_array_new (FALSE, FALSE, sizeof (uint64_t));
    s_returned = g_array_new (FALSE, FALSE, sizeof (uint64_t));
}

static void
s_tear_down (void)
{
    if (s_link)
        s_link->destroy (&s_link);
    directory_destroy (&s_directory);
    rd_kafka_mock_cluster_destroy (s_cluster);
    rd_kafka_destroy (s_owner);
    g_unlink (s_path);
    g_free (s_path);
    g_array_unref (s_carried);
    g_array_unref (s_returned);
}

TestSuite (link_kafka, .init = s_set_up, .fini = s_tear_down, .timeout = 300);

//  Run the link, as a worker does, until the condition holds.
#define UNTIL(condition)                                                                           \
    for (int64_t end_ms = clock_ms () + PATIENCE_MS; !(condition);) {                              \
        cr_assert_lt (clock_ms (), end_ms, "waited for %s", #condition);                           \
        s_wait ();                                                                                 \
    }

static void
s_wait (void)
{
    socket_item_t item = {.fd = s_link->fd (s_link)};
    if (item.fd >= 0)
        socket_poll_us (&item, 1, MIN (50000, s_link->timeout_us (s_link)));
    s_link->run (s_link);
}

//  Make a frame of messages of one channel. The caller frees it with record_free.
static record_t *
s_new_frame (uint64_t sequence, uint32_t partition, uint32_t count)
{
    packed_messages_t packed = {0};
    char channel[32];
    g_snprintf (channel, sizeof channel, "channel-%u", partition);
    for (uint32_t index = 0; index < count; index++)
        packed_messages_add (&packed, &(message_t){.channel = text_from (channel),
                                          .number = sequence * 1000 + index + 1,
                                          .kind = MESSAGE_SPED_UP,
                                          .speed = 1});
    record_t *record = g_new0 (record_t, 1);
    frame_head_t head = {.sequence = sequence, .partition = partition};
    record->bytes = g_malloc (FRAME_HEAD_MAX_BYTES + packed.size);
    record->size = (uint32_t) frame_write (&head, &packed, record->bytes);
    record->digest = frame_digest (record->bytes, record->size);
    record->sequence = sequence;
    record->partition = partition;
    record->messages = count;
    packed_messages_free (&packed);
    return record;
}

static bool
s_send (uint64_t sequence, uint32_t partition, uint32_t count)
{
    record_t *record = s_new_frame (sequence, partition, count);
    bool is_sent = s_link->send (s_link, record);
    record_free (record);
    return is_sent;
}

//  Read a partition to its end; count its records, and those with our header.
static void
s_read (int32_t partition, size_t expected, size_t *headers)
{
    rd_kafka_t *reader =
        s_new_client (RD_KAFKA_CONSUMER, rd_kafka_mock_cluster_bootstraps (s_cluster));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new (1);
    rd_kafka_topic_partition_list_add (list, TOPIC, partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
    cr_assert_eq (rd_kafka_assign (reader, list), 0);
    for (size_t count = 0; count < expected;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll (reader, PATIENCE_MS);
        rd_kafka_headers_t *header = NULL;
        const void *value = NULL;
        size_t size = 0;
        cr_assert (message && !message->err);
        char key[32];
        g_snprintf (key, sizeof key, "channel-%d", partition);
        cr_expect_eq (message->key_len, strlen (key));
        cr_expect_arr_eq (message->key, key, strlen (key));
        if (!rd_kafka_message_headers (message, &header) &&
            !rd_kafka_header_get_last (header, FRAME_TAG_NAME, &value, &size)) {
            cr_expect_eq (size, FRAME_TAG_SIZE);
            ++*headers;
        }
        count++;
        rd_kafka_message_destroy (message);
    }
    rd_kafka_topic_partition_list_destroy (list);
    rd_kafka_destroy (reader);
}

Test (link_kafka, knows_the_partitions_of_the_topic_without_processors)
{
    s_open ("");
    cr_expect_eq (s_link->session (s_link, 0), 0, "nothing can be sent yet");
    UNTIL (s_link->layout (s_link).partitions > 0);
    cr_expect_eq (s_link->layout (s_link).partitions, PARTITIONS);
    cr_expect_eq (s_link->layout (s_link).partitioner, PARTITIONER_MURMUR2);
    cr_expect_eq (s_link->session (s_link, PARTITIONS - 1), 1);
    link_condition_t condition = s_link->condition (s_link);
    cr_expect_str_eq (condition.bus, "kafka");
    cr_expect_not (condition.is_away);
    cr_expect_null (condition.fault);
}

Test (link_kafka, a_frame_is_a_record_a_message_and_carried_once)
{
    s_open ("");
    UNTIL (s_link->session (s_link, 0) > 0);
    cr_assert (s_send (1, 2, 3));
    cr_assert (s_send (2, 2, 1));
    cr_assert (s_send (3, 0, 500));
    UNTIL (s_carried->len == 3);
    cr_expect_eq (s_returned->len, 0);
    cr_expect_eq (counter_get (&s_metrics.bus_records), 504);
    cr_expect_gt (counter_get (&s_metrics.bus_bytes), 504 * 100);
    size_t headers = 0;
    s_read (2, 4, &headers);
    cr_expect_eq (headers, 2, "the last record of each frame has the header");
}

Test (link_kafka, a_full_queue_takes_none_now_and_the_frame_comes_back)
{
    s_open ("queue.buffering.max.messages=10");
    UNTIL (s_link->session (s_link, 0) > 0);
    rd_kafka_mock_broker_set_down (s_cluster, 1);
    cr_assert (s_send (1, 0, 6));
    cr_assert (s_send (2, 0, 6), "a part of it fits");
    cr_expect_not (s_send (3, 0, 1), "nothing fits");
    rd_kafka_mock_broker_set_up (s_cluster, 1);
    UNTIL (s_carried->len == 1 && s_returned->len == 1);
    cr_expect_eq (g_array_index (s_carried, uint64_t, 0), 1);
    cr_expect_eq (g_array_index (s_returned, uint64_t, 0), 2);
    cr_expect_eq (s_refused, 0);
    cr_assert (s_send (2, 0, 6));
    UNTIL (s_carried->len == 2);
}

Test (link_kafka, a_frame_that_brokers_refuse_is_given_back_as_refused)
{
    s_open ("");
    UNTIL (s_link->session (s_link, 0) > 0);
    rd_kafka_mock_push_request_errors (s_cluster, PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    int64_t sent_ms = clock_ms ();
    cr_assert (s_send (1, 0, 2));
    UNTIL (s_returned->len == 1);
    bool is_sent_again = s_send (1, 0, 2);
    cr_expect (!is_sent_again || clock_ms () >= sent_ms + REST_MS, "it rests after a failure");
    cr_expect_eq (s_refused, 1);
    cr_expect_eq (s_carried->len, 0);
    cr_expect_gt (counter_get (&s_metrics.bus_failed), 0);
    UNTIL (is_sent_again || s_send (1, 0, 2));
    UNTIL (s_carried->len == 1);
}

Test (link_kafka, a_broker_that_is_away_is_told_of_and_frames_wait)
{
    s_open ("message.timeout.ms=2000");
    UNTIL (s_link->session (s_link, 0) > 0);
    rd_kafka_mock_broker_set_down (s_cluster, 1);
    cr_assert (s_send (1, 0, 2));
    UNTIL (s_link->condition (s_link).is_away);
    cr_expect_eq (counter_get (&s_metrics.bus_away), 1);
    cr_expect_not_null (s_link->condition (s_link).reason);
    UNTIL (s_returned->len == 1);
    cr_expect_eq (s_refused, 0, "it took too long, nothing is wrong with it");
    rd_kafka_mock_broker_set_up (s_cluster, 1);
    UNTIL (!s_link->condition (s_link).is_away);
    for (guint count = 1; s_carried->len == 0; count++) {  //  2 s may be short on a slow machine
        UNTIL (s_send (1, 0, 2));
        UNTIL (s_carried->len == 1 || s_returned->len > count);
    }
    cr_expect_eq (counter_get (&s_metrics.bus_away), 0);
}

Test (link_kafka, a_fatal_error_begins_another_session)
{
    s_open ("");
    UNTIL (s_link->session (s_link, 0) == 1);
    rd_kafka_mock_push_request_errors (
        s_cluster, PRODUCE, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    cr_assert (s_send (1, 0, 2));
    UNTIL (s_link->session (s_link, 0) == 2);
    cr_expect_eq (s_carried->len, 0);
    cr_assert (s_send (1, 0, 2));
    UNTIL (s_carried->len == 1);
}

Test (link_kafka, a_setting_that_is_unknown_or_ours_is_refused)
{
    static const char *const lines[] = {"no.such.setting=1", "acks=0", "linger.ms=soon",
        "enable.idempotence=false", "statistics.interval.ms=0"};
    for (size_t index = 0; index < G_N_ELEMENTS (lines); index++) {
        char *text = g_strdup_printf ("bootstrap.servers=localhost:1\n%s\n", lines[index]);
        cr_assert (g_file_set_contents (s_path, text, -1, NULL));
        cr_expect_null (s_new (), "%s", text);
        g_free (text);
    }
}
