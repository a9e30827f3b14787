//  SPDX-License-Identifier: Apache-2.0
#include "gateway/delivery/kept.h"

#include "common/process/clock.h"
#include "common/process/log.h"
#include "gateway/delivery/carried.h"
#include "gateway/delivery/lane.h"
#include "gateway/journal/journal.h"

#define SEND_INTERVAL_US 2000  //  of a busy gateway
#define FOREIGN_ACK_LOG_MS 5000
#define SET_ASIDE_LOG_MS 5000

struct kept {
    worker_metrics_t *metrics;
    link_t *link;
    bool is_journaled;
    int64_t foreign_ack_logged_ms;
    int64_t set_aside_logged_ms;
    uint64_t sendings;
    uint64_t messages;
    uint64_t bytes;       //  of all records in the journal
    uint64_t held_bytes;  //  of the records with bytes in memory
    uint64_t absent;      //  records without bytes in memory
    GHashTable *records;  //  by sequence
    carried_t *carried;
    layout_t layout;  //  of the lanes
    lane_t lanes[PARTITIONS_MAX];
    GQueue outdated;     //  of record_t *, by sequence
    GArray *removed;     //  of number_range_t, acknowledged, for the next round
    GArray *wanted;      //  of uint64_t: sequences to read back
    int64_t send_at_us;  //  the lanes send then; 0: they do not wait
    int64_t last_sent_us;
    uint32_t next_partition;  //  the first one in the next run, so that each gets its turn
    bool is_link_full;        //  the link did not take a frame, in this run
};

kept_t *
kept_new (worker_metrics_t *metrics, bool is_journaled)
{
    kept_t *self = g_new0 (kept_t, 1);
    self->metrics = metrics;
    self->is_journaled = is_journaled;
    self->carried = carried_new (metrics);
    self->records = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, record_free);
    self->removed = g_array_new (FALSE, FALSE, sizeof (number_range_t));
    self->wanted = g_array_new (FALSE, FALSE, sizeof (uint64_t));
    return self;
}

void
kept_destroy (kept_t **self_p)
{
    kept_t *self = *self_p;
    if (!self)
        return;
    carried_destroy (&self->carried);
    g_hash_table_destroy (self->records);
    g_array_unref (self->removed);
    g_array_unref (self->wanted);
    g_free (self);
    *self_p = NULL;
}

static void
s_add_outdated (kept_t *self, record_t *record)
{
    record->is_outdated = true;
    record->link.data = record;
    g_queue_push_tail_link (&self->outdated, &record->link);
}

//  Empty the lanes of the old layout.
static void
s_outdate (kept_t *self, layout_t next)
{
    GQueue frames = G_QUEUE_INIT;
    carried_clear (self->carried);
    for (uint32_t partition = 0; partition < self->layout.partitions; partition++) {
        lane_empty (&self->lanes[partition], &frames);
        counter_set (&self->metrics->oldest_us[partition], 0);
    }
    while (frames.head) {
        record_t *record = g_queue_pop_head_link (&frames)->data;
        counter_add (&self->metrics->lag_messages[record->partition], 0ull - record->messages);
        s_add_outdated (self, record);
    }
    g_queue_sort (&self->outdated, record_compare, NULL);
    if (self->outdated.length > 0)
        log_event (LOG_INFO, "the partitions have changed: frames are made anew",
            "partitions_before=%u partitions=%u partitioner_before=%s partitioner=%s frames=%u",
            self->layout.partitions, next.partitions, partitioner_name (self->layout.partitioner),
            partitioner_name (next.partitioner), self->outdated.length);
}

static void
s_follow_layout (kept_t *self)
{
    layout_t layout = self->link->layout (self->link);
    if (layout_equal (layout, self->layout))
        return;
    s_outdate (self, layout);
    self->layout = layout;
}

void
kept_add (kept_t *self, record_t *record, int64_t now_us)
{
    s_follow_layout (self);
    record->kept_us = now_us;
    g_hash_table_insert (self->records, &record->sequence, record);
    if (layout_equal (record->layout, self->layout)) {
        counter_add (&self->metrics->lag_messages[record->partition], record->messages);
        lane_add (&self->lanes[record->partition], record);
    }
    else
        s_add_outdated (self, record);
    self->messages += record->messages;
    self->bytes += record->size + ROW_BYTES;
    if (record->bytes && self->is_journaled &&
        self->held_bytes + record->size > KEPT_HELD_MAX_BYTES)
        g_clear_pointer (&record->bytes, g_free);
    if (record->bytes)
        self->held_bytes += record->size;
    else
        self->absent++;
}

//  Free a record that is in no queue.
static void
s_forget (kept_t *self, record_t *record)
{
    self->messages -= record->messages;
    self->bytes -= record->size + ROW_BYTES;
    if (record->bytes)
        self->held_bytes -= record->size;
    else
        self->absent--;
    g_hash_table_remove (self->records, &record->sequence);
}

//  Drop a frame that needs no more sending, from its lane, the journal and memory.
static void
s_let_go (kept_t *self, record_t *record)
{
    lane_acknowledge (&self->lanes[record->partition], record);
    if (self->is_journaled)
        record_add_sequence (self->removed, record->sequence);
    s_forget (self, record);
}

static void
s_acknowledge (kept_t *self, record_t *record)
{
    int64_t now_us = clock_us ();
    worker_metrics_t *metrics = self->metrics;
    histogram_add (&metrics->latencies[LATENCY_apply], now_us - record->kept_us, record->messages);
    counter_add (&metrics->saved, record->messages);
    counter_add (&metrics->lag_messages[record->partition], 0ull - record->messages);
    receipt_remove_frame (record->receipt);
    s_let_go (self, record);
}

//  Note that the link reports a frame as carried. Its ack may have come before. If the frame was
//  sent more than once, its ack may belong to a sending of which only a part arrived. So no client
//  learns that such a frame is applied.
static void
s_carried (void *context, uint64_t sequence)
{
    kept_t *self = context;
    record_t *record = g_hash_table_lookup (self->records, &sequence);
    if (!record || record->is_outdated)
        return;
    receipt_carry_frame (record->receipt);
    if (record->was_sent_again)
        receipt_unref (&record->receipt);
    bool is_saved = record->is_acked && !record->was_sent_again;
    carried_add (self->carried, record);
    s_let_go (self, record);
    if (is_saved)
        carried_save (self->carried, sequence, self->link->is_unordered);
}

static void
s_returned (void *context, uint64_t sequence, bool is_refused)
{
    kept_t *self = context;
    record_t *record = g_hash_table_lookup (self->records, &sequence);
    if (record && !record->is_outdated)
        lane_return (&self->lanes[record->partition], record, is_refused);
}

static void
s_ignore_ack (kept_t *self, const peer_t *peer, uint32_t partition, uint64_t sequence)
{
    counter_add (&self->metrics->foreign_acks, 1);
    if (log_is_due (&self->foreign_ack_logged_ms, FOREIGN_ACK_LOG_MS))
        log_event (LOG_WARN,
            "an ack does not count: it is not for this frame, or not from where it was sent",
            "address=%s port=%u partition=%u sequence=%llu", peer->address.host,
            (unsigned) peer->address.port, partition, (unsigned long long) sequence);
}

//  Take an ack for a frame that is kept. Over a broker, an ack says only that the last message of
//  the frame is saved: the others may not even be carried.
static void
s_take_ack (kept_t *self, const peer_t *peer, record_t *record, bool is_same)
{
    if (record->is_outdated)
        return;  //  it will be sent again, and then its messages are duplicates
    if (!is_same || !self->link->believes (self->link, peer, record->partition, record))
        s_ignore_ack (self, peer, record->partition, record->sequence);
    else if (self->link->is_carried_when_saved)
        s_acknowledge (self, record);
    else
        record->is_acked = true;
}

//  Take an ack for a frame that is not kept, but may be carried.
static void
s_take_late_ack (kept_t *self, const peer_t *peer, uint64_t sequence, uint64_t digest)
{
    uint32_t partition = 0;
    if (!carried_find (self->carried, sequence, digest, &partition))
        return;
    if (self->link->believes (self->link, peer, partition, NULL))
        carried_save (self->carried, sequence, self->link->is_unordered);
    else
        s_ignore_ack (self, peer, partition, sequence);
}

//  Take an ack whose range has more numbers than there are frames.
static void
s_acknowledge_among_all (kept_t *self, const peer_t *peer, uint64_t first, uint64_t last)
{
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
        s_take_ack (self, peer, acked->pdata[index], true);
    g_ptr_array_unref (acked);
}

void
kept_set_link (kept_t *self, link_t *link)
{
    self->link = link;
    link->hear (link, &(link_ear_t){self, s_carried, s_returned});
}

void
kept_acknowledge (
    void *context, const peer_t *peer, uint64_t first, uint64_t last, const void *digests)
{
    kept_t *self = context;
    if (!digests && last - first >= g_hash_table_size (self->records)) {
        s_acknowledge_among_all (self, peer, first, last);
        return;
    }
    for (uint64_t sequence = first;; sequence++) {
        record_t *record = g_hash_table_lookup (self->records, &sequence);
        if (record)
            s_take_ack (self, peer, record,
                !digests || ack_digest (digests, sequence - first) == record->digest);
        else if (digests && carried_count (self->carried) > 0)
            s_take_late_ack (self, peer, sequence, ack_digest (digests, sequence - first));
        if (sequence == last)
            return;
    }
}

static void
s_count_sent (kept_t *self, record_t *record)
{
    worker_metrics_t *metrics = self->metrics;
    counter_add (&metrics->frames, 1);
    if (record->was_sent)
        counter_add (&metrics->resent, record->messages);
    else
        histogram_add (&metrics->latencies[LATENCY_deliver], self->last_sent_us - record->kept_us,
            record->messages);
    record->was_sent_again = record->was_sent;
    record->was_sent = true;
}

static bool
s_send (void *context, record_t *record)
{
    kept_t *self = context;
    bool is_sent = self->link->send (self->link, record);
    if (is_sent)
        s_count_sent (self, record);
    else if (!self->is_link_full) {
        self->is_link_full = true;
        self->next_partition = record->partition;
    }
    return is_sent;
}

static void
s_want (void *context, record_t *record)
{
    record->is_fetched = true;
    g_array_append_val (((kept_t *) context)->wanted, record->sequence);
}

static void
s_run_lane (kept_t *self, uint32_t partition)
{
    lane_t *lane = &self->lanes[partition];
    uint64_t session = self->link->session (self->link, partition);
    size_t set_aside = lane_set_aside (lane);
    lane_run (lane, session, &self->sendings, s_send, self);
    if (lane_set_aside (lane) > set_aside &&
        log_is_due (&self->set_aside_logged_ms, SET_ASIDE_LOG_MS))
        self->link->log_set_aside (self->link, partition, lane_set_aside (lane));
    if (session > 0 && self->absent > 0)
        lane_look_ahead (lane, s_want, self);
}

//  Each sending wakes four threads, here and in the processor. So a busy worker sends every
//  SEND_INTERVAL_US; otherwise kept frames are sent at once.
void
kept_run (kept_t *self, int64_t now_us, bool is_busy)
{
    int64_t due_us = self->last_sent_us + SEND_INTERVAL_US;
    if (is_busy && now_us < due_us) {
        self->send_at_us = due_us;
        return;
    }
    self->send_at_us = 0;
    self->last_sent_us = now_us;
    s_follow_layout (self);
    self->is_link_full = false;
    uint32_t first = self->next_partition < self->layout.partitions ? self->next_partition : 0;
    for (uint32_t partition = first; partition < self->layout.partitions; partition++)
        s_run_lane (self, partition);
    for (uint32_t partition = 0; partition < first; partition++)
        s_run_lane (self, partition);
}

int64_t
kept_send_at_us (const kept_t *self)
{
    return self->send_at_us;
}

//  Return the time when the oldest unsaved frame of a partition was kept; 0 without any.
static int64_t
s_oldest_us (const kept_t *self, uint32_t partition)
{
    int64_t kept_us = lane_oldest_us (&self->lanes[partition]);
    int64_t carried_us = carried_oldest_us (self->carried, partition);
    return kept_us && carried_us ? MIN (kept_us, carried_us) : MAX (kept_us, carried_us);
}

void
kept_measure (kept_t *self, const directory_t *directory, int64_t now_us)
{
    size_t set_aside = 0;
    for (uint32_t partition = 0; partition < self->layout.partitions; partition++) {
        carried_look (self->carried, partition, directory_epoch (directory, partition), now_us);
        counter_set (
            &self->metrics->oldest_us[partition], (uint64_t) s_oldest_us (self, partition));
        set_aside += lane_set_aside (&self->lanes[partition]);
    }
    counter_set (&self->metrics->set_aside, set_aside);
}

size_t
kept_count (const kept_t *self)
{
    return g_hash_table_size (self->records);
}

uint64_t
kept_messages (const kept_t *self)
{
    return self->messages;
}

uint64_t
kept_bytes (const kept_t *self)
{
    return self->bytes;
}

uint64_t
kept_held_bytes (const kept_t *self)
{
    return self->held_bytes;
}

bool
kept_wants (const kept_t *self)
{
    return self->wanted->len > 0;
}

void
kept_fetch (kept_t *self, GArray *fetched)
{
    for (guint index = 0; index < self->wanted->len; index++) {
        journal_fetch_t fetch = {.sequence = g_array_index (self->wanted, uint64_t, index)};
        if (g_hash_table_contains (self->records, &fetch.sequence))
            g_array_append_val (fetched, fetch);
    }
    g_array_set_size (self->wanted, 0);
}

void
kept_take_fetched (kept_t *self, GArray *fetched)
{
    for (guint index = 0; index < fetched->len; index++) {
        journal_fetch_t *fetch = &g_array_index (fetched, journal_fetch_t, index);
        record_t *record = g_hash_table_lookup (self->records, &fetch->sequence);
        if (!record)
            continue;  //  its ack came meanwhile
        record->bytes = g_steal_pointer (&fetch->bytes);
        record->is_fetched = false;
        self->held_bytes += record->size;
        self->absent--;
    }
}

size_t
kept_outdated (const kept_t *self)
{
    return self->outdated.length;
}

GPtrArray *
kept_take_outdated (kept_t *self, size_t max_bytes)
{
    GPtrArray *taken = g_ptr_array_new ();
    size_t bytes = 0;
    for (GList *link = self->outdated.head; link && bytes < max_bytes;) {
        record_t *record = link->data;
        link = link->next;
        bytes += record->size;
        if (record->bytes) {
            g_queue_unlink (&self->outdated, &record->link);
            g_ptr_array_add (taken, record);
        }
        else if (!record->is_fetched)
            s_want (self, record);
    }
    return taken;
}

void
kept_give_back_outdated (kept_t *self, const GPtrArray *records)
{
    for (guint index = records->len; index > 0; index--)
        g_queue_push_head_link (&self->outdated, &((record_t *) records->pdata[index - 1])->link);
}

void
kept_replace (kept_t *self, GPtrArray *outdated, GPtrArray *made)
{
    for (guint index = 0; index < made->len; index++)
        kept_add (self, made->pdata[index], ((record_t *) made->pdata[index])->kept_us);
    for (guint index = 0; index < outdated->len; index++) {
        receipt_remove_frame (((record_t *) outdated->pdata[index])->receipt);
        s_forget (self, outdated->pdata[index]);
    }
    g_ptr_array_set_size (made, 0);
    g_ptr_array_set_size (outdated, 0);
}

GArray *
kept_removed (kept_t *self)
{
    return self->removed;
}
