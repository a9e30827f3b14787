//  SPDX-License-Identifier: Apache-2.0
#include "gateway/delivery/carried.h"

#include "common/process/clock.h"

typedef struct {
    uint64_t sequence;
    uint64_t digest;
    int64_t kept_us;  //  as in the record
    int64_t carried_us;
    receipt_t *receipt;  //  NULL: no client waits
    uint32_t partition;
    uint32_t messages;
    GList link;  //  in the queue of its partition
} frame_entry_t;

//  The frames of a partition.
typedef struct {
    GQueue frames;     //  of frame_entry_t, in the order in which they were carried
    uint64_t epoch;    //  of the last owner
    int64_t epoch_us;  //  the time since which it is known
} queue_t;

struct carried {
    worker_metrics_t *metrics;
    GHashTable *frames;  //  of frame_entry_t, by sequence
    queue_t queues[PARTITIONS_MAX];
};

carried_t *
carried_new (worker_metrics_t *metrics)
{
    carried_t *self = g_new0 (carried_t, 1);
    self->metrics = metrics;
    self->frames = g_hash_table_new (g_int64_hash, g_int64_equal);
    return self;
}

//  Free a frame, and remove it from the lag.
static void
s_drop (carried_t *self, frame_entry_t *frame)
{
    counter_add (&self->metrics->lag_messages[frame->partition], 0ull - frame->messages);
    g_queue_unlink (&self->queues[frame->partition].frames, &frame->link);
    g_hash_table_remove (self->frames, &frame->sequence);
    receipt_unref (&frame->receipt);
    g_free (frame);
}

void
carried_clear (carried_t *self)
{
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        while (self->queues[partition].frames.head)
            s_drop (self, self->queues[partition].frames.head->data);
}

void
carried_destroy (carried_t **self_p)
{
    carried_t *self = *self_p;
    if (!self)
        return;
    carried_clear (self);
    g_hash_table_destroy (self->frames);
    g_free (self);
    *self_p = NULL;
}

//  Merge the two oldest frames of a partition.
static void
s_merge (carried_t *self, queue_t *queue)
{
    frame_entry_t *oldest = queue->frames.head->data;
    frame_entry_t *next = queue->frames.head->next->data;
    next->messages += oldest->messages;
    next->kept_us = MIN (next->kept_us, oldest->kept_us);
    receipt_unref (&next->receipt);
    oldest->messages = 0;
    s_drop (self, oldest);
}

void
carried_add (carried_t *self, record_t *record)
{
    queue_t *queue = &self->queues[record->partition];
    frame_entry_t *frame = g_new0 (frame_entry_t, 1);
    *frame = (frame_entry_t){.sequence = record->sequence,
        .digest = record->digest,
        .kept_us = record->kept_us,
        .carried_us = clock_us (),
        .receipt = g_steal_pointer (&record->receipt),
        .partition = record->partition,
        .messages = record->messages,
        .link.data = frame};
    g_hash_table_insert (self->frames, &frame->sequence, frame);
    g_queue_push_tail_link (&queue->frames, &frame->link);
    if (g_hash_table_size (self->frames) > CARRIED_MAX && queue->frames.length > 1)
        s_merge (self, queue);
}

size_t
carried_count (const carried_t *self)
{
    return g_hash_table_size (self->frames);
}

bool
carried_find (const carried_t *self, uint64_t sequence, uint64_t digest, uint32_t *partition)
{
    const frame_entry_t *frame = g_hash_table_lookup (self->frames, &sequence);
    if (!frame || frame->digest != digest)
        return false;
    *partition = frame->partition;
    return true;
}

//  End a frame, and count its messages as saved.
static void
s_end (carried_t *self, frame_entry_t *frame, int64_t now_us)
{
    histogram_add (
        &self->metrics->latencies[LATENCY_apply], now_us - frame->kept_us, frame->messages);
    counter_add (&self->metrics->saved, frame->messages);
    s_drop (self, frame);
}

void
carried_save (carried_t *self, uint64_t sequence, bool is_unordered)
{
    frame_entry_t *saved = g_hash_table_lookup (self->frames, &sequence);
    queue_t *queue = &self->queues[saved->partition];
    int64_t now_us = clock_us ();
    int64_t before_us = is_unordered ? saved->carried_us - CARRIED_FORGET_US : INT64_MAX;
    if (saved->receipt)
        receipt_save_frame (saved->receipt);
    while (queue->frames.head->data != saved &&
           ((frame_entry_t *) queue->frames.head->data)->carried_us < before_us)
        s_end (self, queue->frames.head->data, now_us);
    s_end (self, saved, now_us);
}

void
carried_look (carried_t *self, uint32_t partition, uint64_t epoch, int64_t now_us)
{
    queue_t *queue = &self->queues[partition];
    if (epoch > 0 && epoch != queue->epoch) {
        queue->epoch = epoch;
        queue->epoch_us = now_us;
    }
    if (epoch == 0 || now_us - queue->epoch_us < CARRIED_FORGET_US)
        return;
    while (queue->frames.head) {
        frame_entry_t *frame = queue->frames.head->data;
        if (frame->carried_us >= queue->epoch_us)
            return;
        s_drop (self, frame);
    }
}

int64_t
carried_oldest_us (const carried_t *self, uint32_t partition)
{
    const GList *head = self->queues[partition].frames.head;
    return head ? ((const frame_entry_t *) head->data)->kept_us : 0;
}
