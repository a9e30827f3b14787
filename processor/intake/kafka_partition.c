//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/kafka_partition.h"

#include "common/process/clock.h"
#include "common/process/log.h"

#define AGAIN_MS 1000

void
kafka_partition_init (kafka_partition_t *self, uint32_t number)
{
    *self = (kafka_partition_t){.number = number, .saved = -1, .committed = -1};
    self->letters = g_array_new (FALSE, FALSE, sizeof (int64_t));
}

void
kafka_partition_free (kafka_partition_t *self)
{
    g_array_unref (self->letters);
}

static void
s_stop (kafka_partition_t *self, const kafka_feed_t *feed)
{
    if (self->phase == KAFKA_PARTITION_READS) {
        (void) !rd_kafka_consume_stop (feed->topic, (int32_t) self->number);
        rd_kafka_queue_destroy (self->queue);
        self->queue = NULL;
    }
    self->phase = KAFKA_PARTITION_IDLE;
}

static void
s_start (kafka_partition_t *self, const kafka_feed_t *feed)
{
    static const uint64_t one = 1;
    self->queue = rd_kafka_queue_new (feed->client);
    rd_kafka_queue_io_event_enable (self->queue, feed->wake_fd, &one, sizeof one);
    self->phase = KAFKA_PARTITION_READS;
    self->may_have_more = true;
    if (rd_kafka_consume_start_queue (
            feed->topic, (int32_t) self->number, self->next, self->queue) == 0)
        return;
    log_event (LOG_WARN, "cannot read a partition of a topic", "topic=%s partition=%u reason=%s",
        feed->name, self->number, rd_kafka_err2str (rd_kafka_last_error ()));
    rd_kafka_queue_destroy (self->queue);
    self->queue = NULL;
    self->phase = KAFKA_PARTITION_WAITS;
    self->again_at_ms = clock_ms () + AGAIN_MS;
}

void
kafka_partition_assign (kafka_partition_t *self, const kafka_feed_t *feed, int64_t offset)
{
    s_stop (self, feed);
    self->assignment++;
    self->next = offset;
    self->newest_ms = self->unsaved_ms = self->behind_ms = 0;
    g_array_set_size (self->letters, 0);
    s_start (self, feed);
}

void
kafka_partition_revoke (kafka_partition_t *self, const kafka_feed_t *feed)
{
    s_stop (self, feed);
    self->assignment++;
    g_array_set_size (self->letters, 0);
}

void
kafka_partition_pause (
    kafka_partition_t *self, const kafka_feed_t *feed, int64_t offset, int64_t ms)
{
    s_stop (self, feed);
    self->next = offset;
    self->phase = KAFKA_PARTITION_WAITS;
    self->again_at_ms = clock_ms () + ms;
}

void
kafka_partition_run (kafka_partition_t *self, const kafka_feed_t *feed)
{
    if (self->phase == KAFKA_PARTITION_WAITS && clock_ms () >= self->again_at_ms)
        s_start (self, feed);
}

size_t
kafka_partition_take (kafka_partition_t *self, rd_kafka_message_t *records[KAFKA_BATCH])
{
    if (self->phase != KAFKA_PARTITION_READS)
        return 0;
    ssize_t count = rd_kafka_consume_batch_queue (self->queue, 0, records, KAFKA_BATCH);
    self->may_have_more = count == KAFKA_BATCH;
    return count > 0 ? (size_t) count : 0;
}

void
kafka_partition_hold (kafka_partition_t *self, int64_t offset)
{
    g_array_append_val (self->letters, offset);
}

void
kafka_partition_let_go (kafka_partition_t *self, int64_t offset)
{
    for (guint index = 0; index < self->letters->len; index++)
        if (g_array_index (self->letters, int64_t, index) == offset) {
            g_array_remove_index (self->letters, index);
            return;
        }
}

bool
kafka_partition_settled (const kafka_partition_t *self, int64_t *offset)
{
    *offset = self->letters->len > 0 ? g_array_index (self->letters, int64_t, 0) : self->next;
    return *offset >= 0;
}
