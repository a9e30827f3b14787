//  Delivery, lane by lane: a lane is a partition, and the frames for it are in one of two queues.
//
//    waiting    not sent, or to be sent again; in the order of their sequences
//    in flight  sent to the lane's owner, in the order of sending (their stamps)
//
//  A frame leaves when its ack comes, whichever queue it is in. It goes back from flight to waiting
//    - when the owner is another one, or has come back: what the old one had is unknown; or
//    - when a frame that was sent after it is acknowledged: links are first in, first out, so this
//      one, or its ack, was lost.
//  When the tail of a flight is lost no later ack can tell. So if nothing of a lane is acknowledged
//  for a while, its newest frame is sent once more, as a probe; the probe's ack tells the rest. A
//  probe is one frame and its interval doubles, so a processor that is only slow is not flooded.
//  A probe keeps the stamp of the first sending: an ack may be for either, and the earlier is safe.
//
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/publish_zmq.h"

#include <sys/random.h>

#include "common/clock.h"

#define WINDOW_FRAMES 256
#define WINDOW_BYTES (1024 * 1024)
#define PROBE_MIN_MS 1000
#define PROBE_MAX_MS 8000

typedef struct {
    uint64_t sequence;
    uint32_t partition;
    uint32_t messages;
    uint8_t *bytes;
    size_t size;
    uint64_t stamp;  //  when it was sent, as a count of sendings; 0: it is waiting
    GList link;
} record_t;

typedef struct {
    packed_messages_t open;  //  what this turn of the loop took so far
    GQueue waiting;
    GQueue in_flight;
    size_t in_flight_bytes;
    uint64_t session;      //  of the owner the flight went to
    uint64_t acked_stamp;  //  the highest stamp that was acknowledged
    int64_t probe_at_ms;
    int64_t probe_interval_ms;
} lane_t;

typedef struct {
    publisher_t base;
    directory_t *directory;
    uint8_t source[FRAME_SOURCE_SIZE];
    uint64_t next_sequence;
    uint64_t sendings;
    uint64_t buffer_limit;
    uint64_t buffered;
    bool is_due;          //  a lane has taken something in this turn
    GHashTable *records;  //  by sequence
    lane_t lanes[PARTITIONS_MAX];
} publish_zmq_t;

static uint32_t
s_partitions (const publisher_t *base)
{
    return directory_partitions (((const publish_zmq_t *) base)->directory);
}

//  Make a frame of what a lane has taken in this turn.
static void
s_seal (publish_zmq_t *self, uint32_t partition)
{
    lane_t *lane = &self->lanes[partition];
    if (lane->open.count == 0)
        return;
    frame_head_t head = {.sequence = self->next_sequence++, .partition = partition};
    memcpy (head.source, self->source, FRAME_SOURCE_SIZE);
    record_t *record = g_new0 (record_t, 1);
    record->sequence = head.sequence;
    record->partition = partition;
    record->messages = lane->open.count;
    record->bytes = g_malloc (FRAME_HEAD_MAX_BYTES + lane->open.size);
    record->size = frame_write (&head, &lane->open, record->bytes);
    record->link.data = record;
    g_hash_table_insert (self->records, &record->sequence, record);
    g_queue_push_tail_link (&lane->waiting, &record->link);
    packed_messages_clear (&lane->open);
}

static offer_t
s_offer (publisher_t *base, batch_t *batch, uint64_t *turn)
{
    publish_zmq_t *self = (publish_zmq_t *) base;
    uint64_t count = batch_count (batch);
    if (count > self->buffer_limit)
        return OFFER_TOO_LARGE;
    if (self->buffered + count > self->buffer_limit)
        return OFFER_FULL;
    size_t chunks_count = 0;
    const chunk_t *chunks = batch_chunks (batch, &chunks_count);
    for (size_t index = 0; index < chunks_count; index++) {
        lane_t *lane = &self->lanes[chunks[index].partition];
        if (lane->open.size + chunks[index].messages.size > FRAME_MESSAGES_BYTES)
            s_seal (self, chunks[index].partition);
        packed_messages_append (&lane->open, &chunks[index].messages);
    }
    self->buffered += count;
    self->is_due = true;
    *turn = 1;
    return OFFER_TAKEN;
}

//  Held in memory only, a message is as safe as it ever gets when it is taken.
static uint64_t
s_safe (const publisher_t *base)
{
    (void) base;
    return UINT64_MAX;
}

static uint64_t
s_buffered (const publisher_t *base)
{
    return ((const publish_zmq_t *) base)->buffered;
}

static bool
s_is_due (const publisher_t *base)
{
    return ((const publish_zmq_t *) base)->is_due;
}

static void
s_free_record (void *data)
{
    record_t *record = data;
    g_free (record->bytes);
    g_free (record);
}

static void
s_leave_flight (lane_t *lane, record_t *record)
{
    g_queue_unlink (&lane->in_flight, &record->link);
    lane->in_flight_bytes -= record->size;
}

static void
s_acknowledge (publish_zmq_t *self, record_t *record)
{
    lane_t *lane = &self->lanes[record->partition];
    if (record->stamp) {
        s_leave_flight (lane, record);
        lane->acked_stamp = MAX (lane->acked_stamp, record->stamp);
    }
    else
        g_queue_unlink (&lane->waiting, &record->link);
    lane->probe_interval_ms = PROBE_MIN_MS;
    lane->probe_at_ms = clock_ms () + PROBE_MIN_MS;
    self->buffered -= record->messages;
    g_hash_table_remove (self->records, &record->sequence);
}

//  An ack may name more than we have: a range is walked by whichever is shorter.
static void
s_ack (void *context, uint64_t first, uint64_t last)
{
    publish_zmq_t *self = context;
    if (last - first >= g_hash_table_size (self->records)) {
        GHashTableIter iterator;
        gpointer value;
        GPtrArray *acked = g_ptr_array_new ();
        g_hash_table_iter_init (&iterator, self->records);
        while (g_hash_table_iter_next (&iterator, NULL, &value)) {
            const record_t *record = value;
            if (record->sequence >= first && record->sequence <= last)
                g_ptr_array_add (acked, value);
        }
        for (guint index = 0; index < acked->len; index++)
            s_acknowledge (self, acked->pdata[index]);
        g_ptr_array_unref (acked);
        return;
    }
    for (uint64_t sequence = first;; sequence++) {
        record_t *record = g_hash_table_lookup (self->records, &sequence);
        if (record)
            s_acknowledge (self, record);
        if (sequence == last)
            return;
    }
}

//  Put back to waiting what was sent before the stamp. Those go in front: they are older.
static void
s_take_back (lane_t *lane, uint64_t before_stamp)
{
    GList *link = lane->in_flight.tail;
    while (link) {
        record_t *record = link->data;
        link = link->prev;
        if (record->stamp >= before_stamp)
            continue;
        s_leave_flight (lane, record);
        record->stamp = 0;
        g_queue_push_head_link (&lane->waiting, &record->link);
    }
}

static bool
s_send (const peer_t *owner, lane_t *lane, record_t *record)
{
    if (!socket_send (owner->frames, record->bytes, record->size, false))
        return false;
    if (lane->in_flight.length == 0) {
        lane->probe_interval_ms = PROBE_MIN_MS;
        lane->probe_at_ms = clock_ms () + PROBE_MIN_MS;
    }
    return true;
}

static void
s_send_waiting (publish_zmq_t *self, lane_t *lane, const peer_t *owner)
{
    while (lane->waiting.head && lane->in_flight.length < WINDOW_FRAMES &&
           lane->in_flight_bytes < WINDOW_BYTES) {
        record_t *record = lane->waiting.head->data;
        if (!s_send (owner, lane, record))
            return;
        g_queue_unlink (&lane->waiting, &record->link);
        record->stamp = ++self->sendings;
        g_queue_push_tail_link (&lane->in_flight, &record->link);
        lane->in_flight_bytes += record->size;
    }
}

static void
s_probe (lane_t *lane, const peer_t *owner)
{
    int64_t now_ms = clock_ms ();
    if (!lane->in_flight.tail || now_ms < lane->probe_at_ms)
        return;
    if (s_send (owner, lane, lane->in_flight.tail->data))
        lane->probe_interval_ms = MIN (2 * lane->probe_interval_ms, PROBE_MAX_MS);
    lane->probe_at_ms = now_ms + lane->probe_interval_ms;
}

static void
s_run_lane (publish_zmq_t *self, uint32_t partition)
{
    lane_t *lane = &self->lanes[partition];
    s_seal (self, partition);
    if (!lane->waiting.head && !lane->in_flight.head)
        return;
    const peer_t *owner = directory_owner (self->directory, partition);
    uint64_t session = owner ? owner->session : 0;
    if (session != lane->session) {
        s_take_back (lane, UINT64_MAX);
        lane->session = session;
    }
    else
        s_take_back (lane, lane->acked_stamp);
    if (owner) {
        s_send_waiting (self, lane, owner);
        s_probe (lane, owner);
    }
}

static void
s_run (publisher_t *base)
{
    publish_zmq_t *self = (publish_zmq_t *) base;
    self->is_due = false;
    directory_run (self->directory);
    for (uint32_t partition = 0; partition < directory_partitions (self->directory); partition++)
        s_run_lane (self, partition);
}

static void
s_destroy (publisher_t **base_p)
{
    publish_zmq_t *self = (publish_zmq_t *) *base_p;
    if (!self)
        return;
    g_hash_table_destroy (self->records);
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        packed_messages_free (&self->lanes[partition].open);
    directory_destroy (&self->directory);
    g_free (self);
    *base_p = NULL;
}

publisher_t *
publish_zmq_new (discovery_t *discovery, uint64_t buffer)
{
    publish_zmq_t *self = g_new0 (publish_zmq_t, 1);
    self->base =
        (publisher_t){s_partitions, s_offer, s_safe, s_run, s_is_due, s_buffered, s_destroy};
    ssize_t random = getrandom (self->source, FRAME_SOURCE_SIZE, 0);
    g_assert (random == FRAME_SOURCE_SIZE);
    self->next_sequence = 1;
    self->buffer_limit = buffer;
    self->records = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, s_free_record);
    self->directory = directory_new (discovery, self->source, s_ack, self);
    return &self->base;
}

directory_t *
publish_zmq_directory (publisher_t *self)
{
    return ((publish_zmq_t *) self)->directory;
}
