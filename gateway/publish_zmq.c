//  A message's way: offered to the partition's open frame; sealed into a record when the journal is
//  free; kept, when that round of the journal is done; waiting and in flight in the partition's lane;
//  gone when its ack comes, from memory at once and from the journal with the next round.
//
//  Memory is bounded: past HELD_MAX_BYTES a kept record leaves its bytes to the journal, and they
//  are read back when its turn to be sent comes near.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/publish_zmq.h"

#include <sys/random.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/failpoint.h"
#include "common/log.h"
#include "gateway/inherit.h"
#include "gateway/journal.h"
#include "gateway/lane.h"

#define HELD_MAX_BYTES (64 * 1024 * 1024)
#define GATHERED_MAX_BYTES (32 * 1024 * 1024)  //  in one round of the journal
#define ROW_BYTES 64                           //  of a frame in the journal, beside its own
#define GATHER_MAX_US 2000
#define ENOUGH_OFFERS 16                  //  share a commit well enough not to wait for more
#define SEND_INTERVAL_US 2000             //  of a busy gateway
#define BUSY_OFFERS 24                    //  so many in a turn make it one
#define REMOVE_INTERVAL_MS 100            //  many rows that lie together go at once
#define MEASURE_INTERVAL_US (200 * 1000)  //  how often the oldest messages are looked for

typedef struct {
    publisher_t base;
    directory_t *directory;
    worker_metrics_t *metrics;
    uint8_t source[FRAME_SOURCE_SIZE];
    uint64_t next_sequence;
    uint64_t sendings;
    uint64_t buffer_limit;
    uint64_t journal_limit;
    uint64_t buffered;        //  messages
    uint64_t kept_bytes;      //  of all records, as the journal has them
    uint64_t held_bytes;      //  of those records whose bytes are in memory
    uint64_t gathered_bytes;  //  for the next round
    uint64_t absent;          //  records whose bytes are not in memory
    GHashTable *records;      //  by sequence: those that are kept
    lane_t lanes[PARTITIONS_MAX];
    packed_messages_t open[PARTITIONS_MAX];  //  what this turn took so far, by partition
    receipt_t *turn;                         //  of this turn; NULL: nothing was taken
    GPtrArray *sealed;                       //  of record_t *, for the next round
    receipt_t *committing;                   //  of the turn whose round is under way
    GArray *removed;                         //  of number_range_t, acknowledged, for the next round
    GArray *wanted;                          //  of uint64_t: sequences to be read back
    int64_t remove_at_ms;
    uint64_t offers;          //  in this turn
    uint64_t last_offers;     //  in the one before
    int64_t gather_until_us;  //  more may be waited for
    int64_t submitted_us;     //  when the round under way was given to the journal
    int64_t send_at_us;       //  the lanes wait for that; 0: they do not wait
    int64_t last_sent_us;
    int64_t measure_at_us;
    bool is_failing;             //  the last round could not be written
    journal_t *journal;          //  NULL: in memory only
    inheritance_t *inheritance;  //  NULL without a journal
} publish_zmq_t;

static uint32_t
s_partitions (const publisher_t *base)
{
    return directory_partitions (((const publish_zmq_t *) base)->directory);
}

//  Make a frame of what was taken for a partition.
static void
s_seal (publish_zmq_t *self, uint32_t partition)
{
    packed_messages_t *open = &self->open[partition];
    if (open->count == 0)
        return;
    frame_head_t head = {.sequence = self->next_sequence++, .partition = partition};
    memcpy (head.source, self->source, FRAME_SOURCE_SIZE);
    record_t *record = g_new0 (record_t, 1);
    record->sequence = head.sequence;
    record->partition = partition;
    record->messages = open->count;
    record->bytes = g_malloc (FRAME_HEAD_MAX_BYTES + open->size);
    record->size = (uint32_t) frame_write (&head, open, record->bytes);
    record->receipt = receipt_ref (self->turn);
    receipt_add_frame (self->turn);
    g_ptr_array_add (self->sealed, record);
    packed_messages_clear (open);
}

static receipt_t *
s_take (void *context, batch_t *batch)
{
    publish_zmq_t *self = context;
    size_t chunks_count = 0;
    const chunk_t *chunks = batch_chunks (batch, &chunks_count);
    if (!self->turn) {
        self->turn = receipt_new ();
        //  In memory it is as safe as it will ever be.
        if (!self->journal)
            receipt_decide (self->turn, FATE_KEPT);
    }
    for (size_t index = 0; index < chunks_count; index++) {
        packed_messages_t *open = &self->open[chunks[index].partition];
        if (open->size + chunks[index].messages.size > FRAME_MESSAGES_BYTES)
            s_seal (self, chunks[index].partition);
        packed_messages_append (open, &chunks[index].messages);
        self->gathered_bytes += chunks[index].messages.size;
    }
    self->buffered += batch_count (batch);
    return receipt_ref (self->turn);
}

static uint64_t
s_buffered (const publisher_t *base)
{
    const publish_zmq_t *self = (const publish_zmq_t *) base;
    return self->buffered + (self->inheritance ? inheritance_messages (self->inheritance) : 0);
}

static uint64_t
s_journal_bytes (const publish_zmq_t *self)
{
    return self->kept_bytes + self->gathered_bytes + inheritance_bytes (self->inheritance);
}

static uint64_t
s_batch_bytes (batch_t *batch)
{
    uint64_t bytes = 0;
    size_t count = 0;
    const chunk_t *chunks = batch_chunks (batch, &count);
    for (size_t index = 0; index < count; index++)
        bytes += chunks[index].messages.size + ROW_BYTES;
    return bytes;
}

static offer_t
s_offer (publisher_t *base, batch_t *batch, receipt_t **receipt)
{
    publish_zmq_t *self = (publish_zmq_t *) base;
    uint64_t bytes = s_batch_bytes (batch);
    if (batch_count (batch) > self->buffer_limit || (self->journal && bytes > self->journal_limit))
        return OFFER_TOO_LARGE;
    if (s_buffered (base) + batch_count (batch) > self->buffer_limit ||
        (self->gathered_bytes > 0 && self->gathered_bytes + bytes > GATHERED_MAX_BYTES))
        return OFFER_FULL;
    if (self->journal &&
        (s_journal_bytes (self) + bytes > self->journal_limit || !journal_has_room (self->journal)))
        return OFFER_FULL;
    *receipt = s_take (self, batch);
    self->offers++;
    return OFFER_TAKEN;
}

static bool
s_is_full (publisher_t *base)
{
    publish_zmq_t *self = (publish_zmq_t *) base;
    return self->is_failing || s_buffered (base) >= self->buffer_limit ||
           (self->journal && (s_journal_bytes (self) >= self->journal_limit ||
                                 !journal_has_room (self->journal)));
}

static bool
s_is_durable (const publisher_t *base)
{
    return ((const publish_zmq_t *) base)->journal != NULL;
}

//  How long the turn is to stay open. When the last round held several requests, as many may come
//  again as soon as they are answered, and one round for all of them costs what one for the first of
//  them would. It is waited for no longer than that round took: alone, nobody waits, and where many
//  are there the disk does not wait either.
static int64_t
s_gather_us (const publish_zmq_t *self)
{
    if (!self->journal || self->offers >= MIN (self->last_offers, ENOUGH_OFFERS))
        return 0;
    return MAX (0, self->gather_until_us - clock_us ());
}

static int64_t
s_timeout_us (const publisher_t *base)
{
    const publish_zmq_t *self = (const publish_zmq_t *) base;
    int64_t send_us = self->send_at_us ? MAX (0, self->send_at_us - clock_us ()) : INT64_MAX;
    if (!self->turn || (self->journal && !journal_is_idle (self->journal)))
        return send_us;
    return MIN (send_us, s_gather_us (self));
}

static int
s_fd (const publisher_t *base)
{
    const publish_zmq_t *self = (const publish_zmq_t *) base;
    return self->journal ? journal_fd (self->journal) : -1;
}

static void
s_free_record (void *data)
{
    record_t *record = data;
    receipt_unref (&record->receipt);
    g_free (record->bytes);
    g_free (record);
}

static void
s_release_bytes (publish_zmq_t *self, record_t *record)
{
    g_clear_pointer (&record->bytes, g_free);
    self->held_bytes -= record->size;
    self->absent++;
}

//  A record is kept: it can be sent.
static void
s_keep (publish_zmq_t *self, record_t *record, int64_t now_us)
{
    record->kept_us = now_us;
    counter_add (&self->metrics->lag_messages[record->partition], record->messages);
    g_hash_table_insert (self->records, &record->sequence, record);
    lane_add (&self->lanes[record->partition], record);
    self->kept_bytes += record->size + ROW_BYTES;
    self->held_bytes += record->size;
    if (self->journal && self->held_bytes > HELD_MAX_BYTES)
        s_release_bytes (self, record);
}

static void
s_add_removed (GArray *removed, uint64_t sequence)
{
    number_range_t *last =
        removed->len ? &g_array_index (removed, number_range_t, removed->len - 1) : NULL;
    if (last && last->last + 1 == sequence) {
        last->last = sequence;
        return;
    }
    number_range_t range = {sequence, sequence};
    g_array_append_val (removed, range);
}

static void
s_acknowledge (publish_zmq_t *self, record_t *record)
{
    int64_t now_us = clock_us ();
    worker_metrics_t *metrics = self->metrics;
    histogram_add (&metrics->latencies[LATENCY_apply], now_us - record->kept_us, record->messages);
    counter_add (&metrics->saved, record->messages);
    counter_add (&metrics->lag_messages[record->partition], 0ull - record->messages);
    lane_acknowledge (&self->lanes[record->partition], record, now_us / 1000);
    receipt_remove_frame (record->receipt);
    self->buffered -= record->messages;
    self->kept_bytes -= record->size + ROW_BYTES;
    if (record->bytes)
        self->held_bytes -= record->size;
    else
        self->absent--;
    if (self->journal)
        s_add_removed (self->removed, record->sequence);
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

//  The turn is over: no more will be added to its frames.
static void
s_end_turn (publish_zmq_t *self)
{
    if (!self->turn)
        return;
    for (uint32_t partition = 0; partition < directory_partitions (self->directory); partition++)
        s_seal (self, partition);
    receipt_close (self->turn);
    self->committing = g_steal_pointer (&self->turn);
    self->gathered_bytes = 0;
    self->last_offers = self->offers;
    self->offers = 0;
}

//  What became of the turn, now that its records are kept, or are not.
static void
s_decide_turn (publish_zmq_t *self, GPtrArray *records, bool is_kept)
{
    int64_t now_us = clock_us ();
    for (guint index = 0; index < records->len; index++) {
        record_t *record = records->pdata[index];
        if (is_kept)
            s_keep (self, record, now_us);
        else {
            self->buffered -= record->messages;
            s_free_record (record);
        }
    }
    g_ptr_array_set_size (records, 0);
    if (self->committing)
        receipt_decide (self->committing, is_kept ? FATE_KEPT : FATE_REFUSED);
    receipt_unref (&self->committing);
}

static void
s_take_fetched (publish_zmq_t *self, GArray *fetched)
{
    for (guint index = 0; index < fetched->len; index++) {
        journal_fetch_t *fetch = &g_array_index (fetched, journal_fetch_t, index);
        record_t *record = g_hash_table_lookup (self->records, &fetch->sequence);
        if (!record)
            continue;  //  it was acknowledged in the meantime
        record->bytes = g_steal_pointer (&fetch->bytes);
        record->is_fetched = false;
        self->held_bytes += record->size;
        self->absent--;
    }
}

static void
s_finish_round (publish_zmq_t *self, journal_round_t *round)
{
    if (round->result == FILE_BROKEN) {
        //  Nobody knows what is kept: no answer may leave, and a new start finds out.
        log_event (LOG_ERROR, "the journal is broken: stopping at once", "");
        _exit (1);
    }
    int64_t now_us = clock_us ();
    int64_t took_us = now_us - self->submitted_us;
    histogram_add (&self->metrics->latencies[LATENCY_journal], took_us, 1);
    self->gather_until_us = now_us + MIN (took_us, GATHER_MAX_US);
    self->is_failing = round->result == FILE_FAILED;
    if (self->is_failing)
        g_array_append_vals (self->removed, round->removed->data, round->removed->len);
    s_decide_turn (self, round->added, round->result == FILE_DONE);
    s_take_fetched (self, round->fetched);
    journal_round_destroy (&round);
}

static void
s_fetch_wanted (publish_zmq_t *self, GArray *fetched)
{
    for (guint index = 0; index < self->wanted->len; index++) {
        journal_fetch_t fetch = {.sequence = g_array_index (self->wanted, uint64_t, index)};
        if (g_hash_table_contains (self->records, &fetch.sequence))
            g_array_append_val (fetched, fetch);
    }
    g_array_set_size (self->wanted, 0);
}

//  Give the journal what has come together for it.
static void
s_begin_round (publish_zmq_t *self)
{
    int64_t now_ms = clock_ms ();
    bool is_time = now_ms >= self->remove_at_ms;
    bool must_write = is_time && (self->removed->len > 0 || self->is_failing);
    if (!self->turn && self->wanted->len == 0 && !must_write)
        return;
    if (self->turn && s_gather_us (self) > 0)
        return;
    s_end_turn (self);
    journal_round_t *round = journal_round_new ();
    round->is_trial = self->is_failing;
    g_ptr_array_extend_and_steal (round->added, g_steal_pointer (&self->sealed));
    self->sealed = g_ptr_array_new ();
    if (is_time) {
        g_array_append_vals (round->removed, self->removed->data, self->removed->len);
        g_array_set_size (self->removed, 0);
        self->remove_at_ms = now_ms + REMOVE_INTERVAL_MS;
    }
    s_fetch_wanted (self, round->fetched);
    self->submitted_us = clock_us ();
    journal_submit (self->journal, &round);
}

static void
s_keep_turn (publish_zmq_t *self)
{
    if (!self->journal) {
        s_end_turn (self);
        s_decide_turn (self, self->sealed, true);
        return;
    }
    journal_round_t *round = journal_done (self->journal);
    if (round)
        s_finish_round (self, round);
    //  What was refused is taken again: as often as a journal that fails is tried, and no more.
    bool may_take = directory_partitions (self->directory) > 0 &&
                    (!self->is_failing || clock_ms () >= self->remove_at_ms) &&
                    self->held_bytes < HELD_MAX_BYTES / 2 &&
                    self->gathered_bytes < GATHERED_MAX_BYTES / 2;
    inheritance_run (
        self->inheritance, directory_partitions (self->directory), may_take, s_take, self);
    if (journal_is_idle (self->journal))
        s_begin_round (self);
}

//  Where the frames of a lane go.
typedef struct {
    socket_t *socket;
    worker_metrics_t *metrics;
    int64_t now_us;
} sending_t;

static void
s_count_sent (const sending_t *sending, record_t *record)
{
    worker_metrics_t *metrics = sending->metrics;
    counter_add (&metrics->frames, 1);
    if (record->is_sent)
        counter_add (&metrics->resent, record->messages);
    else
        histogram_add (&metrics->latencies[LATENCY_deliver], sending->now_us - record->kept_us,
            record->messages);
    record->is_sent = true;
}

static bool
s_send (void *context, record_t *record)
{
    const sending_t *sending = context;
    FAILPOINT ("push-before");
    bool sent = socket_send (sending->socket, record->bytes, record->size, false);
    FAILPOINT ("push-after");
    if (sent)
        s_count_sent (sending, record);
    return sent;
}

static void
s_want (void *context, record_t *record)
{
    record->is_fetched = true;
    g_array_append_val (((publish_zmq_t *) context)->wanted, record->sequence);
}

static void
s_run_lane (publish_zmq_t *self, uint32_t partition, int64_t now_us)
{
    lane_t *lane = &self->lanes[partition];
    const peer_t *owner = directory_owner (self->directory, partition);
    sending_t sending = {owner ? owner->frames : NULL, self->metrics, now_us};
    lane_run (lane, owner ? owner->session : 0, &self->sendings, now_us / 1000, s_send, &sending);
    if (owner && self->absent > 0)
        lane_look_ahead (lane, s_want, self);
}

//  A sending wakes four threads on its way, here and in the processor, whatever is in it. So when much
//  comes in there is one every SEND_INTERVAL_US; else what is kept is sent at once.
static void
s_run_lanes (publish_zmq_t *self, int64_t now_us)
{
    int64_t due_us = self->last_sent_us + SEND_INTERVAL_US;
    if (self->last_offers >= BUSY_OFFERS && now_us < due_us) {
        self->send_at_us = due_us;
        return;
    }
    self->send_at_us = 0;
    self->last_sent_us = now_us;
    for (uint32_t partition = 0; partition < directory_partitions (self->directory); partition++)
        s_run_lane (self, partition, now_us);
}

static void
s_measure (publish_zmq_t *self, int64_t now_us)
{
    counter_set (&self->metrics->buffered, s_buffered (&self->base));
    counter_set (&self->metrics->journal_bytes, self->journal ? s_journal_bytes (self) : 0);
    if (now_us < self->measure_at_us)
        return;
    self->measure_at_us = now_us + MEASURE_INTERVAL_US;
    for (uint32_t partition = 0; partition < directory_partitions (self->directory); partition++)
        counter_set (&self->metrics->oldest_us[partition],
            (uint64_t) lane_oldest_us (&self->lanes[partition]));
}

static void
s_run (publisher_t *base)
{
    publish_zmq_t *self = (publish_zmq_t *) base;
    directory_run (self->directory);
    s_keep_turn (self);
    int64_t now_us = clock_us ();
    s_run_lanes (self, now_us);
    s_measure (self, now_us);
}

//  Have the journal write what it was not given yet, however long that takes.
static void
s_close_journal (publish_zmq_t *self)
{
    self->remove_at_ms = 0;
    self->last_offers = 0;
    for (int round_number = 0; round_number < 2; round_number++) {
        journal_round_t *round = journal_wait (self->journal);
        if (round)
            s_finish_round (self, round);
        if (round_number == 0)
            s_begin_round (self);
    }
    journal_destroy (&self->journal, g_hash_table_size (self->records) == 0);
}

static void
s_destroy (publisher_t **base_p)
{
    publish_zmq_t *self = (publish_zmq_t *) *base_p;
    if (!self)
        return;
    if (self->journal)
        s_close_journal (self);
    inheritance_destroy (&self->inheritance);
    receipt_unref (&self->turn);
    g_ptr_array_set_free_func (self->sealed, s_free_record);
    g_ptr_array_unref (self->sealed);
    g_array_unref (self->removed);
    g_array_unref (self->wanted);
    g_hash_table_destroy (self->records);
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        packed_messages_free (&self->open[partition]);
    directory_destroy (&self->directory);
    g_free (self);
    *base_p = NULL;
}

//  What others left is looked at first: a journal of our own would be one of them.
static bool
s_open_journal (publish_zmq_t *self, const publish_zmq_config_t *config)
{
    bool is_synced = config->journal == JOURNAL_FSYNC;
    self->inheritance = inheritance_new (config->journal_directory);
    slot_t *slot = self->inheritance ? slot_new (config->journal_directory, is_synced) : NULL;
    self->journal = slot ? journal_new (slot, is_synced) : NULL;
    return self->journal != NULL;
}

publisher_t *
publish_zmq_new (const publish_zmq_config_t *config, discovery_t *discovery)
{
    publish_zmq_t *self = g_new0 (publish_zmq_t, 1);
    self->base = (publisher_t){s_partitions, s_offer, s_run, s_timeout_us, s_fd, s_buffered,
        s_is_full, s_is_durable, s_destroy};
    ssize_t random = getrandom (self->source, FRAME_SOURCE_SIZE, 0);
    g_assert (random == FRAME_SOURCE_SIZE);
    self->metrics = config->metrics;
    self->next_sequence = 1;
    self->buffer_limit = config->buffer;
    self->journal_limit = config->journal_limit;
    self->records = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, s_free_record);
    self->sealed = g_ptr_array_new ();
    self->removed = g_array_new (FALSE, FALSE, sizeof (number_range_t));
    self->wanted = g_array_new (FALSE, FALSE, sizeof (uint64_t));
    publisher_t *base = &self->base;
    if (config->journal != JOURNAL_OFF && !s_open_journal (self, config))
        s_destroy (&base);
    else
        self->directory = directory_new (discovery, self->source, s_ack, self);
    return base;
}

directory_t *
publish_zmq_directory (publisher_t *self)
{
    return ((publish_zmq_t *) self)->directory;
}
