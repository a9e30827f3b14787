//  The source of --bus=zmq: frames that gateways push to a PULL socket. It takes in frames of all
//  shards, assigned or not. It counts and ignores, as a whole and without an ack, a frame that is
//  invalid, breaks a rule or belongs to a partition that this processor does not own.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>

#include "common/process/clock.h"
#include "common/process/log.h"
#include "curve/source_owners.h"
#include "processor/intake/source.h"

#define REFUSAL_LOG_INTERVAL_MS 1000

#define FRAMES_PER_TURN 256
#define FRAMES_PER_STEP 4  //  the clock is read between steps

typedef struct {
    source_t base;
    socket_t *frames;
    shards_t *shards;
    peer_view_t peers;          //  may push
    source_owners_t *owners;    //  of the sources
    frame_t frame;              //  reused for each frame
    int64_t refusal_logged_ms;  //  an untrusted peer must not fill the log
} source_zmq_t;

//  Return a fault if a message belongs to another partition, else NULL. Otherwise two owners could
//  apply one message.
static const char *
s_find_stray (const frame_t *frame, layout_t layout)
{
    for (uint32_t index = 0; index < frame->count; index++)
        if (partition_of (frame->messages[index].channel, layout) != frame->head.partition)
            return "a message does not belong to the frame's partition";
    return NULL;
}

//  Count a refusal, and log it with the key that sent the frame.
static void
s_count (source_zmq_t *self, uint64_t *counter, const char *reason)
{
    const char *key = socket_user (self->frames);
    (*counter)++;
    if (log_is_due (&self->refusal_logged_ms, REFUSAL_LOG_INTERVAL_MS))
        log_event (LOG_WARN, "frame refused", "reason=%s key=%s refused_so_far=%llu", reason,
            key ? key : "", (unsigned long long) *counter);
}

static void
s_refuse (source_zmq_t *self, const char *reason)
{
    s_count (self, &self->shards->counters.frames_refused, reason);
}

//  Return true if the key of the frame that was received last may push.
static bool
s_may_push (source_zmq_t *self)
{
    if (peer_view_allows (&self->peers, socket_user (self->frames), PEER_PUSH))
        return true;
    s_count (self, &self->shards->counters.revoked, "its key may not push any more");
    return false;
}

//  Return true if the source of a frame belongs to the key that sent it.
static bool
s_owns_source (source_zmq_t *self, const frame_head_t *head)
{
    const char *key = socket_user (self->frames);
    if (!key || source_owners_take (self->owners, head->source, key))
        return true;
    s_count (self, &self->shards->counters.frames_usurped, "its source belongs to another key");
    return false;
}

static void
s_take_frame (source_zmq_t *self, text_t bytes)
{
    frame_t *frame = &self->frame;
    if (!s_may_push (self))
        return;
    const char *fault = frame_read (frame, bytes.data, bytes.size);
    if (!fault && frame->head.partition >= self->shards->partitions)
        fault = "there is no such partition";
    if (!fault)
        fault = s_find_stray (frame, shards_layout (self->shards));
    if (fault) {
        s_refuse (self, fault);
        return;
    }
    if (!s_owns_source (self, &frame->head))
        return;
    shard_t *shard = self->shards->shards[frame->head.partition];
    if (!shard || shard_is_leaving (shard)) {
        self->shards->counters.frames_foreign++;
        return;
    }
    int64_t start_us = clock_us ();
    for (uint32_t index = 0; index < frame->count; index++)
        shards_fold (self->shards, shard, &frame->messages[index]);
    histogram_add (&self->shards->latencies.apply, clock_us () - start_us, 1);
    self->shards->counters.frames++;
    acks_add (
        changes_acks (shard_changes (shard)), &frame->head, frame_digest (bytes.data, bytes.size));
}

//  Read and ignore the rest of a message of several parts; a frame has one part.
static void
s_drop_parts (source_zmq_t *self, bool more)
{
    text_t part;
    while (more && socket_receive (self->frames, &part, &more))
        ;
}

//  Take in at most budget waiting frames. Return the number of frames that were read.
static size_t
s_take_some (source_zmq_t *self, size_t budget)
{
    size_t count = 0;
    text_t bytes;
    bool more = false;
    for (; count < budget && socket_receive (self->frames, &bytes, &more); count++) {
        if (more) {
            s_drop_parts (self, more);
            s_refuse (self, "a frame must be a message of one part");
        }
        else
            s_take_frame (self, bytes);
    }
    return count;
}

static bool
s_take (source_t *base, int64_t budget_us)
{
    source_zmq_t *self = (source_zmq_t *) base;
    int64_t until_us = clock_us () + budget_us;
    for (size_t taken = 0; taken < FRAMES_PER_TURN && clock_us () < until_us;
         taken += FRAMES_PER_STEP)
        if (s_take_some (self, FRAMES_PER_STEP) < FRAMES_PER_STEP)
            return false;
    return true;
}

//  Gateways hear from announcements which partitions are owned here, so there is nothing to do.
static bool
s_assign (source_t *self, uint32_t partition)
{
    (void) self;
    (void) partition;
    return true;
}

static void
s_revoke (source_t *self, uint32_t partition)
{
    (void) self;
    (void) partition;
}

//  Acks tell gateways what is saved; there are no positions.
static void
s_saved (source_t *self, uint32_t partition, const position_t *position)
{
    (void) self;
    (void) partition;
    (void) position;
}

static socket_item_t
s_item (source_t *base)
{
    return (socket_item_t){.socket = ((source_zmq_t *) base)->frames};
}

static bus_health_t
s_health (source_t *self)
{
    (void) self;
    return (bus_health_t){.kind = "zmq"};
}

static void
s_destroy (source_t **base_p)
{
    source_zmq_t *self = (source_zmq_t *) *base_p;
    frame_free (&self->frame);
    peer_view_clear (&self->peers);
    source_owners_destroy (&self->owners);
    g_free (self);
    *base_p = NULL;
}

source_t *
source_zmq_new (const source_setup_t *setup)
{
    source_zmq_t *self = g_new0 (source_zmq_t, 1);
    self->base = (source_t){s_take, s_assign, s_revoke, s_saved, s_item, s_health, s_destroy};
    self->frames = setup->frames;
    self->shards = setup->shards;
    peer_view_init (&self->peers, setup->peers);
    self->owners = source_owners_new ();
    return &self->base;
}
