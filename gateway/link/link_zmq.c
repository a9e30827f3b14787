//  The link over ZeroMQ: push each frame to the processor that owns its partition. A frame is
//  carried when it is saved, because until then the owner has it only in memory.
//  SPDX-License-Identifier: Apache-2.0
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "gateway/link/bus_check.h"
#include "gateway/link/choose_link.h"

typedef struct {
    link_t base;
    const directory_t *directory;
    bus_check_t check;
} link_zmq_t;

static const directory_t *
s_directory (const link_t *base)
{
    return ((const link_zmq_t *) base)->directory;
}

//  The directory hears the acks, and there is nothing else to hear.
static void
s_hear (link_t *base, const link_ear_t *ear)
{
    (void) base;
    (void) ear;
}

static void
s_run (link_t *base)
{
    link_zmq_t *self = (link_zmq_t *) base;
    bus_check_look (&self->check, self->directory, "zmq", NULL);
}

static int64_t
s_timeout_us (const link_t *base)
{
    (void) base;
    return INT64_MAX;
}

static int
s_fd (const link_t *base)
{
    (void) base;
    return -1;
}

static layout_t
s_layout (const link_t *base)
{
    return directory_layout (s_directory (base));
}

static uint64_t
s_session (const link_t *base, uint32_t partition)
{
    const link_zmq_t *self = (const link_zmq_t *) base;
    return self->check.fault[0] ? 0 : directory_session (self->directory, partition);
}

static bool
s_send (link_t *base, record_t *record)
{
    const directory_t *directory = s_directory (base);
    const peer_t *owner = directory_owner (directory, record->partition);
    FAILPOINT ("push-before");
    bool is_sent = socket_send (owner->frames, record->bytes, record->size, false);
    FAILPOINT ("push-after");
    if (is_sent) {
        record->sent_to = owner->incarnation;
        record->sent_epoch = directory_epoch (directory, record->partition);
    }
    return is_sent;
}

//  An ack counts if the frame was last sent to this peer, and the peer is still the owner under the
//  same epoch, or there is no owner. A new owner must get the frame too.
static bool
s_believes (const link_t *base, const peer_t *peer, uint32_t partition, const record_t *record)
{
    const directory_t *directory = s_directory (base);
    const peer_t *owner = directory_owner (directory, partition);
    return record->sent_to == peer->incarnation &&
           (!owner ||
               (owner == peer && record->sent_epoch == directory_epoch (directory, partition)));
}

static void
s_log_set_aside (const link_t *base, uint32_t partition, size_t frames)
{
    const peer_t *owner = directory_owner (s_directory (base), partition);
    log_event (LOG_ERROR,
        "a processor refuses frames that were accepted: they are set aside until the partition "
        "has another owner or epoch; its log says why",
        "address=%s port=%u partition=%u frames=%zu", owner ? owner->address.host : "",
        owner ? (unsigned) owner->address.port : 0, partition, frames);
}

static link_condition_t
s_condition (const link_t *base)
{
    const link_zmq_t *self = (const link_zmq_t *) base;
    return (link_condition_t){
        .bus = "zmq", .fault = self->check.fault[0] ? self->check.fault : NULL};
}

static void
s_destroy (link_t **base_p)
{
    g_clear_pointer (base_p, g_free);
}

link_t *
link_zmq_new (const link_setup_t *setup)
{
    link_zmq_t *self = g_new0 (link_zmq_t, 1);
    self->base = (link_t){.is_carried_when_saved = true,
        .hear = s_hear,
        .run = s_run,
        .timeout_us = s_timeout_us,
        .fd = s_fd,
        .layout = s_layout,
        .session = s_session,
        .send = s_send,
        .believes = s_believes,
        .log_set_aside = s_log_set_aside,
        .condition = s_condition,
        .destroy = s_destroy};
    self->directory = setup->directory;
    return &self->base;
}
