//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/frame_receiver.h"

#include <glib.h>

#include "common/process/clock.h"
#include "common/process/log.h"

#define REFUSAL_LOG_INTERVAL_MS 1000

struct frame_receiver {
    socket_t *pull;
    shards_t *shards;
    frame_t frame;              //  reused for each frame
    int64_t refusal_logged_ms;  //  an untrusted peer must not fill the log
};

frame_receiver_t *
frame_receiver_new (socket_t *pull, shards_t *shards)
{
    frame_receiver_t *self = g_new0 (frame_receiver_t, 1);
    self->pull = pull;
    self->shards = shards;
    return self;
}

void
frame_receiver_destroy (frame_receiver_t **self_p)
{
    frame_receiver_t *self = *self_p;
    if (!self)
        return;
    frame_free (&self->frame);
    g_free (self);
    *self_p = NULL;
}

static void
s_count (processor_counters_t *counters, fold_t fold)
{
    switch (fold) {
    case FOLD_APPLIED:
        counters->applied++;
        break;
    case FOLD_CLOSED_A_GAP:
        counters->applied++;
        counters->gaps_closed++;
        break;
    case FOLD_DUPLICATE:
        counters->duplicates++;
        break;
    case FOLD_CONFLICT:
        counters->conflicts++;
        break;
    case FOLD_LATE:
        counters->late++;
        break;
    }
}

//  Return a fault if a message belongs to another partition, else NULL. Two owners would apply such
//  a message.
static const char *
s_find_stray (const frame_t *frame, uint32_t partitions)
{
    for (uint32_t index = 0; index < frame->count; index++)
        if (partition_of (frame->messages[index].channel, partitions) != frame->head.partition)
            return "a message does not belong to the frame's partition";
    return NULL;
}

static void
s_refuse (frame_receiver_t *self, const char *reason)
{
    self->shards->counters.frames_refused++;
    if (log_is_due (&self->refusal_logged_ms, REFUSAL_LOG_INTERVAL_MS))
        log_event (LOG_WARN, "frame refused", "reason=%s refused_so_far=%llu", reason,
            (unsigned long long) self->shards->counters.frames_refused);
}

static void
s_take (frame_receiver_t *self, text_t bytes)
{
    frame_t *frame = &self->frame;
    const char *fault = frame_read (frame, bytes.data, bytes.size);
    if (!fault && frame->head.partition >= self->shards->partitions)
        fault = "there is no such partition";
    if (!fault)
        fault = s_find_stray (frame, self->shards->partitions);
    if (fault) {
        s_refuse (self, fault);
        return;
    }
    shard_t *shard = self->shards->shards[frame->head.partition];
    if (!shard || shard_is_leaving (shard)) {
        self->shards->counters.frames_foreign++;
        return;
    }
    int64_t start_us = clock_us ();
    for (uint32_t index = 0; index < frame->count; index++)
        s_count (&self->shards->counters, shard_fold (shard, &frame->messages[index]));
    histogram_add (&self->shards->latencies.apply, clock_us () - start_us, 1);
    self->shards->counters.frames++;
    acks_add (shard_acks (shard), &frame->head, frame_digest (bytes.data, bytes.size));
}

//  Read and ignore the rest of a message of several parts; a frame has one part.
static void
s_drop_parts (frame_receiver_t *self, bool more)
{
    text_t part;
    while (more && socket_receive (self->pull, &part, &more))
        ;
}

size_t
frame_receiver_run (frame_receiver_t *self, size_t budget)
{
    size_t count = 0;
    text_t bytes;
    bool more = false;
    for (; count < budget && socket_receive (self->pull, &bytes, &more); count++) {
        if (more) {
            s_drop_parts (self, more);
            s_refuse (self, "a frame must be a message of one part");
        }
        else
            s_take (self, bytes);
    }
    return count;
}
