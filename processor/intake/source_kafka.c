//  The source of --bus=kafka: records of a topic, from the positions that are saved with the state.
//  Gateways and any other programs write them. The last record of a frame has a tag, for its ack.
//
//  The loop takes batches from one partition after the other. Reading pauses, and librdkafka then
//  fetches no more, while many messages are not saved or many dead letters are not delivered.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>

#include "common/bus/frame_tag.h"
#include "common/process/clock.h"
#include "common/process/log.h"
#include "processor/intake/kafka_dead_letters.h"
#include "processor/intake/kafka_partition.h"
#include "processor/intake/record_reader.h"
#include "processor/intake/source.h"

#define COMMIT_MS 1000
#define AGAIN_MS 1000
#define LOG_INTERVAL_MS 1000

typedef struct {
    source_t base;
    shards_t *shards;
    kafka_feed_t *feed;
    dead_letters_t *letters;  //  NULL: none are sent
    record_reader_t *reader;
    kafka_partition_t *partitions;
    uint32_t first;  //  the partition to take from first
    int64_t commit_at_ms;
    int64_t refusal_logged_ms;
    int64_t fault_logged_ms;
    bool was_away;  //  as logged last
} source_kafka_t;

//  Return the shard of a partition that takes messages in, or NULL.
static shard_t *
s_shard (const source_kafka_t *self, uint32_t partition)
{
    shard_t *shard = self->shards->shards[partition];
    return shard && !shard_is_leaving (shard) ? shard : NULL;
}

//  Set the shard's position: all records before it are folded or put aside.
static void
s_settle (source_kafka_t *self, const kafka_partition_t *partition)
{
    shard_t *shard = s_shard (self, partition->number);
    position_t position;
    if (!shard || !kafka_partition_settled (partition, &position.offset))
        return;
    memcpy (position.feed, self->feed->id, POSITION_FEED_SIZE);
    changes_set_position (shard_changes (shard), &position);
}

static void
s_take_delivery (void *context, uint32_t number, uint64_t assignment, int64_t offset)
{
    source_kafka_t *self = context;
    kafka_partition_t *partition = &self->partitions[number];
    self->shards->counters.dead_letters++;
    if (partition->assignment != assignment)
        return;
    kafka_partition_let_go (partition, offset);
    s_settle (self, partition);
}

//  Put a bad record aside.
static void
s_refuse (source_kafka_t *self, kafka_partition_t *partition, const rd_kafka_message_t *record,
    const char *reason)
{
    self->shards->counters.records_refused++;
    if (log_is_due (&self->refusal_logged_ms, LOG_INTERVAL_MS))
        log_event (LOG_WARN, "record refused",
            "topic=%s partition=%u offset=%lld reason=%s refused_so_far=%llu", self->feed->name,
            partition->number, (long long) record->offset, reason,
            (unsigned long long) self->shards->counters.records_refused);
    if (!self->letters)
        return;
    kafka_partition_hold (partition, record->offset);
    kafka_dead_letters_send (
        self->letters, record, self->feed->name, partition->assignment, reason);
}

//  Add the ack of the frame that ends with this record, if any.
static void
s_note_frame (source_kafka_t *self, shard_t *shard, const rd_kafka_message_t *record, text_t value)
{
    if (!frame_tag_may_be_on (value))
        return;
    rd_kafka_headers_t *headers = NULL;
    const void *tag = NULL;
    size_t size = 0;
    uint64_t digest = 0;
    frame_head_t head = {.partition = shard_owned (shard).partition};
    if (rd_kafka_message_headers (record, &headers) || !headers ||
        rd_kafka_header_get_last (headers, FRAME_TAG_NAME, &tag, &size) ||
        !frame_tag_read (tag, size, &head, &digest))
        return;
    acks_add (changes_acks (shard_changes (shard)), &head, digest);
    self->shards->counters.frames++;
}

//  Return a text without data for no bytes at all.
static text_t
s_text (const void *bytes, size_t size)
{
    return bytes ? text_of (bytes, size) : (text_t){0};
}

static void
s_note_time (kafka_partition_t *partition, const rd_kafka_message_t *record)
{
    rd_kafka_timestamp_type_t type;
    int64_t time_ms = rd_kafka_message_timestamp (record, &type);
    partition->newest_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? 0 : time_ms;
    if (partition->unsaved_ms == 0)
        partition->unsaved_ms = partition->newest_ms;
}

static void
s_take_record (source_kafka_t *self, kafka_partition_t *partition, shard_t *shard,
    const rd_kafka_message_t *record)
{
    if (record->offset < partition->next)
        return;
    self->shards->counters.records++;
    text_t value = s_text (record->payload, record->len);
    const char *fault =
        record_reader_fold (self->reader, shard, s_text (record->key, record->key_len), value);
    if (fault)
        s_refuse (self, partition, record, fault);
    s_note_frame (self, shard, record, value);
    s_note_time (partition, record);
    partition->next = record->offset + 1;
}

//  Go on at the earliest record, because the next one is no longer in the topic.
static void
s_reset (source_kafka_t *self, kafka_partition_t *partition)
{
    self->shards->counters.feed_gaps++;
    log_event (LOG_ERROR,
        "the next record is not in the topic any more: reading goes on at the earliest one",
        "topic=%s partition=%u offset=%lld advice=%s", self->feed->name, partition->number,
        (long long) partition->next,
        "records were deleted before they were read, or the topic was made anew: compare its "
        "retention with the longest stop of the processors");
    kafka_partition_assign (partition, self->feed, KAFKA_EARLIEST);
}

//  Take an event that is no record: an error, or the end of the partition.
static void
s_take_event (source_kafka_t *self, kafka_partition_t *partition, const rd_kafka_message_t *event)
{
    switch (event->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        //  The end may be behind marks of transactions, which are no records.
        partition->next = MAX (partition->next, event->offset);
        break;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        s_reset (self, partition);
        break;
    default:
        if (log_is_due (&self->fault_logged_ms, LOG_INTERVAL_MS))
            log_event (LOG_WARN, "a partition of a topic cannot be read: trying again",
                "topic=%s partition=%u reason=%s", self->feed->name, partition->number,
                rd_kafka_message_errstr (event));
        kafka_partition_pause (partition, self->feed, partition->next, AGAIN_MS);
    }
}

//  Take a batch of a partition.
static void
s_take_batch (source_kafka_t *self, kafka_partition_t *partition)
{
    rd_kafka_message_t *records[KAFKA_BATCH];
    shard_t *shard = s_shard (self, partition->number);
    uint64_t assignment = partition->assignment;
    size_t bytes = 0;
    size_t count = shard ? kafka_partition_take (partition, records) : 0;
    if (count == 0) {
        partition->may_have_more = false;
        return;
    }
    int64_t start_us = clock_us ();
    for (size_t index = 0; index < count; index++) {
        bool is_read = partition->assignment == assignment &&
                       partition->phase == KAFKA_PARTITION_READS;  //  an event may end it
        if (is_read && records[index]->err)
            s_take_event (self, partition, records[index]);
        else if (is_read)
            s_take_record (self, partition, shard, records[index]);
        bytes += records[index]->len;
        rd_kafka_message_destroy (records[index]);
    }
    histogram_add (&self->shards->latencies.apply, clock_us () - start_us, 1);
    kafka_feed_note_taken (self->feed, bytes);
    s_settle (self, partition);
}

//  Commit the saved offsets that are not committed yet.
static void
s_commit (source_kafka_t *self)
{
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new (0);
    for (uint32_t number = 0; number < self->shards->partitions; number++) {
        kafka_partition_t *partition = &self->partitions[number];
        if (self->feed->is_commit_due)
            partition->committed = -1;
        if (partition->saved < 0 || partition->saved == partition->committed)
            continue;
        rd_kafka_topic_partition_list_add (offsets, self->feed->name, (int32_t) number)->offset =
            partition->saved;
        partition->committed = partition->saved;
    }
    self->feed->is_commit_due = false;
    self->commit_at_ms = clock_ms () + COMMIT_MS;
    if (offsets->cnt > 0)
        kafka_feed_commit (self->feed, offsets);
    else
        rd_kafka_topic_partition_list_destroy (offsets);
}

//  Take the events of both connections, and go on reading where a pause is over.
static void
s_run (source_kafka_t *self)
{
    bool came = kafka_feed_run (self->feed);
    if (self->letters)
        kafka_dead_letters_run (self->letters);
    if (clock_ms () >= self->commit_at_ms && self->feed->commits == 0)
        s_commit (self);
    for (uint32_t number = 0; number < self->shards->partitions; number++) {
        kafka_partition_t *partition = &self->partitions[number];
        kafka_partition_run (partition, self->feed);
        partition->may_have_more = partition->may_have_more || came;
    }
}

//  Take a batch of each partition that may have more. Return true if more may be left.
static bool
s_take_round (source_kafka_t *self, int64_t until_us)
{
    bool is_more_left = false;
    for (uint32_t count = 0; count < self->shards->partitions; count++) {
        kafka_partition_t *partition = &self->partitions[self->first];
        if (partition->may_have_more && clock_us () >= until_us)
            return true;
        self->first = (self->first + 1) % self->shards->partitions;
        if (partition->may_have_more)
            s_take_batch (self, partition);
        is_more_left = is_more_left || partition->may_have_more;
    }
    return is_more_left;
}

static bool
s_take (source_t *base, int64_t budget_us)
{
    source_kafka_t *self = (source_kafka_t *) base;
    int64_t until_us = clock_us () + budget_us;
    s_run (self);
    kafka_feed_note_taken (self->feed, 0);
    while (!dead_letters_hold_up (self->letters, self->shards)) {
        if (!s_take_round (self, until_us))
            return false;
        if (clock_us () >= until_us)
            return true;
    }
    return false;
}

static bool
s_assign (source_t *base, uint32_t number)
{
    source_kafka_t *self = (source_kafka_t *) base;
    kafka_partition_t *partition = &self->partitions[number];
    position_t position;
    int64_t offset = KAFKA_EARLIEST;
    partition->saved = partition->committed = -1;
    if (changes_position (shard_changes (self->shards->shards[number]), &position)) {
        if (memcmp (position.feed, self->feed->id, POSITION_FEED_SIZE) != 0) {
            log_event (LOG_ERROR, "the state was read from another topic or cluster than this one",
                "topic=%s partition=%u advice=%s", self->feed->name, number,
                "name that topic and cluster, or move the state with downlink-move "
                "--drop-positions: it begins at the earliest record then");
            return false;
        }
        offset = partition->saved = position.offset;
    }
    kafka_partition_assign (partition, self->feed, offset);
    return true;
}

static void
s_revoke (source_t *base, uint32_t number)
{
    source_kafka_t *self = (source_kafka_t *) base;
    kafka_partition_revoke (&self->partitions[number], self->feed);
    self->shards->lags[number] = (lag_t){0};
}

static void
s_saved (source_t *base, uint32_t number, const position_t *position)
{
    source_kafka_t *self = (source_kafka_t *) base;
    kafka_partition_t *partition = &self->partitions[number];
    if (!position)
        return;
    partition->saved = position->offset;
    partition->unsaved_ms = position->offset >= partition->next ? 0 : partition->newest_ms;
    if (partition->phase == KAFKA_PARTITION_IDLE)
        self->commit_at_ms = 0;  //  before the next owner commits
}

static socket_item_t
s_item (source_t *base)
{
    return (socket_item_t){.fd = ((source_kafka_t *) base)->feed->wake_fd};
}

//  Return how far the saved state is behind the topic.
static lag_t
s_lag (const source_kafka_t *self, kafka_partition_t *partition, int64_t now_ms)
{
    int64_t low = 0;
    int64_t high = -1;
    if (rd_kafka_get_watermark_offsets (
            self->feed->client, self->feed->name, (int32_t) partition->number, &low, &high) ||
        high < 0)
        return (lag_t){0};  //  nothing was fetched yet
    bool is_behind = high > MAX (partition->next, MAX (low, 0));
    if (!is_behind)
        partition->behind_ms = 0;
    else if (partition->behind_ms == 0)
        partition->behind_ms = now_ms;
    int64_t saved = partition->saved >= 0 ? partition->saved : MAX (low, 0);
    int64_t since_ms = partition->unsaved_ms ? partition->unsaved_ms : partition->behind_ms;
    if (high <= saved)
        return (lag_t){.is_known = true};
    return (lag_t){.messages = (uint64_t) (high - saved),
        .age_ms = since_ms ? (uint64_t) MAX (0, now_ms - since_ms) : 0,
        .is_known = true};
}

static bus_health_t
s_health (source_t *base)
{
    source_kafka_t *self = (source_kafka_t *) base;
    int64_t now_ms = clock_wall_us () / 1000;
    for (uint32_t number = 0; number < self->shards->partitions; number++)
        if (self->partitions[number].phase != KAFKA_PARTITION_IDLE)
            self->shards->lags[number] = s_lag (self, &self->partitions[number], now_ms);
    if (self->feed->is_away != self->was_away) {
        self->was_away = self->feed->is_away;
        log_event (self->was_away ? LOG_WARN : LOG_INFO,
            self->was_away ? "no broker of Kafka answers: reading pauses"
                           : "the brokers of Kafka answer again",
            "topic=%s", self->feed->name);
    }
    return (bus_health_t){.kind = "kafka",
        .topic = self->feed->name,
        .is_away = self->feed->is_away,
        .dead_letters_waiting = dead_letters_waiting (self->letters),
        .brokers_up = self->feed->statistics.brokers_up,
        .received_bytes = self->feed->statistics.received_bytes};
}

static void
s_destroy (source_t **base_p)
{
    source_kafka_t *self = (source_kafka_t *) *base_p;
    if (self->feed && self->partitions) {
        for (uint32_t number = 0; number < self->shards->partitions; number++)
            kafka_partition_revoke (&self->partitions[number], self->feed);
        s_commit (self);
    }
    kafka_dead_letters_destroy (&self->letters);
    kafka_feed_close (&self->feed);
    record_reader_destroy (&self->reader);
    for (uint32_t number = 0; self->partitions && number < self->shards->partitions; number++)
        kafka_partition_free (&self->partitions[number]);
    g_free (self->partitions);
    g_free (self);
    *base_p = NULL;
}

//  Connect to the brokers, for both topics. Return false if that fails.
static bool
s_open (source_kafka_t *self, const bus_choice_t *choice, const patience_t *patience)
{
    bus_settings_t *file = bus_settings_read (BUS_KAFKA, choice->settings);
    if (!file)
        return false;
    self->feed = kafka_feed_open (file, choice->topic, self->shards->partitions, patience);
    bool good = self->feed != NULL;
    if (good && choice->dead_letter) {
        good = kafka_feed_make_topic (self->feed, choice->dead_letter, patience);
        self->letters = good ? kafka_dead_letters_new (file, choice->dead_letter,
                                   self->feed->wake_fd, s_take_delivery, self)
                             : NULL;
        good = self->letters != NULL;
    }
    bus_settings_destroy (&file);
    return good;
}

source_t *
source_kafka_new (const source_setup_t *setup)
{
    source_kafka_t *self = g_new0 (source_kafka_t, 1);
    self->base = (source_t){s_take, s_assign, s_revoke, s_saved, s_item, s_health, s_destroy};
    self->shards = setup->shards;
    source_t *base = &self->base;
    if (!s_open (self, setup->choice, setup->patience)) {
        s_destroy (&base);
        return NULL;
    }
    self->reader = record_reader_new (self->shards);
    self->partitions = g_new0 (kafka_partition_t, self->shards->partitions);
    for (uint32_t number = 0; number < self->shards->partitions; number++)
        kafka_partition_init (&self->partitions[number], number);
    return base;
}
