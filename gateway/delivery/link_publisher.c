//  The path of a message: the open turn takes it (turn.h). When the journal is free, the turn ends:
//  its messages become frames, and a round of the journal writes them. When the round is done, the
//  frames are kept (kept.h), and each waits and is sent in the lane of its partition (lane.h). When
//  a frame is carried, it leaves memory at once, and the journal with the next round.
//
//  A message of an upload is staged before it is kept (staging.h): the journal has it, and it takes
//  the same path once the upload is complete.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/delivery/link_publisher.h"

#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "gateway/delivery/inherit.h"
#include "gateway/delivery/kept.h"
#include "gateway/delivery/remake.h"
#include "gateway/delivery/staging.h"
#include "gateway/delivery/turn.h"
#include "gateway/journal/journal.h"

#define GATHERED_MAX_BYTES (32 * 1024 * 1024)  //  in one round of the journal
#define STAGED_MAX_BYTES (4 * 1024 * 1024)     //  of uploads, in one round
#define UPLOAD_SHARE 10  //  when others need room, an upload may hold 1/10 of it,
#define UPLOADS_SHARE 2  //  and all uploads together 1/2
#define GATHER_MAX_US 2000
#define ENOUGH_OFFERS 16                  //  share a commit well enough not to wait for more
#define BUSY_OFFERS 24                    //  in a turn; then the worker is busy
#define REMOVE_INTERVAL_MS 100            //  deletes many neighbouring rows at once
#define MEASURE_INTERVAL_US (200 * 1000)  //  between two looks for the oldest messages

typedef struct {
    publisher_t base;
    link_t *link;
    const directory_t *directory;
    worker_metrics_t *metrics;
    uint64_t buffer_limit;
    uint64_t journal_limit;
    turn_t *turn;
    kept_t *kept;
    staging_t *staging;
    remake_t *remake;
    int64_t remove_at_ms;
    uint64_t offers;          //  in this turn
    uint64_t last_offers;     //  in the one before
    int64_t gather_until_us;  //  the turn may stay open until then
    int64_t submitted_us;     //  the start of the current round
    int64_t measure_at_us;
    bool is_failing;             //  the last round failed
    bool is_failing_for_room;    //  it failed because the disk is full
    journal_t *journal;          //  NULL: messages are in memory only
    inheritance_t *inheritance;  //  NULL without a journal
} link_publisher_t;

static layout_t
s_layout (const publisher_t *base)
{
    const link_t *link = ((const link_publisher_t *) base)->link;
    return link->layout (link);
}

static receipt_t *
s_take (void *context, batch_t *batch)
{
    return turn_take (((link_publisher_t *) context)->turn, batch);
}

static uint64_t
s_buffered (const publisher_t *base)
{
    const link_publisher_t *self = (const link_publisher_t *) base;
    return turn_pending (self->turn) + kept_messages (self->kept) +
           staging_messages (self->staging) +
           (self->inheritance ? inheritance_messages (self->inheritance) : 0);
}

static uint64_t
s_journal_bytes (const link_publisher_t *self)
{
    return kept_bytes (self->kept) + staging_bytes (self->staging) + turn_bytes (self->turn) +
           inheritance_bytes (self->inheritance);
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

//  Return true if there is room for this many further messages and bytes.
static bool
s_has_room (link_publisher_t *self, uint64_t messages, uint64_t bytes)
{
    return s_buffered (&self->base) + messages <= self->buffer_limit &&
           (!self->journal || s_journal_bytes (self) + bytes <= self->journal_limit);
}

static bool
s_is_disk_full (publisher_t *base)
{
    link_publisher_t *self = (link_publisher_t *) base;
    return self->journal && (self->is_failing_for_room || !journal_has_room (self->journal));
}

static room_t
s_part (const link_publisher_t *self, uint64_t parts)
{
    return (room_t){self->buffer_limit / parts, self->journal_limit / parts};
}

//  Return true if there is room; evict uploads if needed.
static bool
s_make_room (link_publisher_t *self, const staged_t *asker, uint64_t messages, uint64_t bytes)
{
    while (!s_has_room (self, messages, bytes)) {
        uint64_t before = staging_messages (self->staging);
        if (!staging_make_room (
                self->staging, asker, s_part (self, UPLOAD_SHARE), s_part (self, UPLOADS_SHARE)) ||
            staging_messages (self->staging) == before)
            return false;
    }
    return true;
}

//  Return true if not even an empty buffer has room.
static bool
s_is_too_large (const link_publisher_t *self, uint64_t messages, uint64_t bytes)
{
    return messages > self->buffer_limit || (self->journal && bytes > self->journal_limit);
}

static offer_t
s_offer (publisher_t *base, batch_t *batch, receipt_t **receipt)
{
    link_publisher_t *self = (link_publisher_t *) base;
    uint64_t bytes = s_batch_bytes (batch);
    if (s_is_too_large (self, batch_count (batch), bytes))
        return OFFER_TOO_LARGE;
    if (s_is_disk_full (base))
        return OFFER_DISK_FULL;
    bool is_too_much_at_once =
        turn_bytes (self->turn) > 0 && turn_bytes (self->turn) + bytes > GATHERED_MAX_BYTES;
    if (is_too_much_at_once || !s_make_room (self, NULL, batch_count (batch), bytes))
        return OFFER_FULL;
    *receipt = s_take (self, batch);
    self->offers++;
    return OFFER_TAKEN;
}

static staged_t *
s_stage_begin (publisher_t *base, uint64_t client)
{
    return staging_begin (((link_publisher_t *) base)->staging, client, clock_ms ());
}

//  Return true if an upload would hold more than its share. Then it evicts no other.
static bool
s_is_over_share (
    const link_publisher_t *self, const staged_t *upload, uint64_t messages, uint64_t bytes)
{
    room_t share = s_part (self, UPLOAD_SHARE);
    return staged_messages (upload) + messages > share.messages ||
           staged_bytes (upload) + bytes > share.bytes;
}

static stage_t
s_stage (publisher_t *base, staged_t *upload, batch_t *batch)
{
    link_publisher_t *self = (link_publisher_t *) base;
    uint64_t bytes = s_batch_bytes (batch);
    if (staged_evicted (upload))
        return staged_evicted (upload) == EVICTED_SLOW ? STAGE_TOO_SLOW : STAGE_EVICTED;
    if (staged_is_failed (upload))
        return STAGE_FAILED;
    if (batch_count (batch) == 0)
        return STAGE_TAKEN;
    if (s_is_too_large (
            self, staged_messages (upload) + batch_count (batch), staged_bytes (upload) + bytes))
        return STAGE_TOO_LARGE;
    if (s_is_disk_full (base))
        return STAGE_DISK_FULL;
    if (s_is_over_share (self, upload, batch_count (batch), bytes)
            ? !s_has_room (self, batch_count (batch), bytes)
            : !s_make_room (self, upload, batch_count (batch), bytes))
        return STAGE_FULL;
    uint64_t new_bytes = staging_new_bytes (self->staging);
    if (self->journal && new_bytes > 0 && new_bytes + bytes > STAGED_MAX_BYTES)
        return STAGE_BUSY;
    size_t count = 0;
    const chunk_t *chunks = batch_chunks (batch, &count);
    for (size_t index = 0; index < count; index++)
        staging_add (self->staging, upload,
            turn_make_record (
                self->turn, batch_layout (batch), &chunks[index], staged_receipt (upload)),
            clock_ms ());
    return STAGE_TAKEN;
}

static void
s_stage_drop (publisher_t *base, staged_t **upload_p)
{
    if (*upload_p)
        staging_drop (((link_publisher_t *) base)->staging, *upload_p);
    *upload_p = NULL;
}

static receipt_t *
s_stage_accept (publisher_t *base, staged_t **upload_p)
{
    link_publisher_t *self = (link_publisher_t *) base;
    if (staged_is_failed (*upload_p) || staged_evicted (*upload_p)) {
        s_stage_drop (base, upload_p);
        return NULL;
    }
    return staging_accept (self->staging, g_steal_pointer (upload_p));
}

static bool
s_is_full (publisher_t *base)
{
    link_publisher_t *self = (link_publisher_t *) base;
    return self->is_failing || s_is_disk_full (base) || !s_has_room (self, 1, 1);
}

static bool
s_is_durable (const publisher_t *base)
{
    return ((const link_publisher_t *) base)->journal != NULL;
}

//  Return how long the turn stays open. After a round with several requests, their clients may send
//  again at once, and one round for all of them costs as much as a round for the first. Wait no
//  longer than the last round took. So a single client never waits, and with many clients the disk
//  stays busy.
static int64_t
s_gather_us (const link_publisher_t *self)
{
    if (!self->journal || self->offers >= MIN (self->last_offers, ENOUGH_OFFERS))
        return 0;
    return MAX (0, self->gather_until_us - clock_us ());
}

static int64_t
s_timeout_us (const publisher_t *base)
{
    const link_publisher_t *self = (const link_publisher_t *) base;
    int64_t send_at_us = kept_send_at_us (self->kept);
    int64_t send_us = send_at_us ? MAX (0, send_at_us - clock_us ()) : INT64_MAX;
    bool is_due = turn_has_taken (self->turn) || staging_is_due (self->staging) ||
                  (kept_outdated (self->kept) > 0 && !self->is_failing);
    if (!is_due || (self->journal && !journal_is_idle (self->journal)))
        return send_us;
    return MIN (send_us, turn_has_taken (self->turn) ? s_gather_us (self) : 0);
}

static int
s_fd (const publisher_t *base)
{
    const link_publisher_t *self = (const link_publisher_t *) base;
    return self->journal ? journal_fd (self->journal) : -1;
}

//  End the turn if it has messages, and add its frames to the list.
static void
s_end_turn (link_publisher_t *self, GPtrArray *records)
{
    if (!turn_has_taken (self->turn))
        return;
    g_ptr_array_extend_and_steal (records, turn_end (self->turn));
    self->last_offers = self->offers;
    self->offers = 0;
}

//  Set the outcome of the ended turn: its records are kept, or not.
static void
s_decide_turn (link_publisher_t *self, GPtrArray *records, bool is_kept)
{
    int64_t now_us = clock_us ();
    for (guint index = 0; index < records->len; index++) {
        record_t *record = records->pdata[index];
        turn_settle_frame (self->turn, record);
        if (is_kept)
            kept_add (self->kept, record, now_us);
        else
            record_free (record);
    }
    g_ptr_array_set_size (records, 0);
    turn_decide (self->turn, is_kept ? RECEIPT_KEPT : RECEIPT_REFUSED);
}

//  Take a frame of an accepted upload.
static void
s_keep_staged (void *context, record_t *record)
{
    kept_add (((link_publisher_t *) context)->kept, record, clock_us ());
}

static void
s_finish_round (link_publisher_t *self, journal_round_t *round)
{
    if (round->result == FILE_BROKEN) {
        //  Which messages are kept is unknown: send no answer; the next start reads the journal.
        log_event (LOG_ERROR, "the journal is broken: stopping at once", "");
        log_exit ();
    }
    int64_t now_us = clock_us ();
    int64_t took_us = now_us - self->submitted_us;
    histogram_add (&self->metrics->latencies[LATENCY_journal], took_us, 1);
    self->gather_until_us = now_us + MIN (took_us, GATHER_MAX_US);
    self->is_failing = round->result == FILE_FAILED;
    self->is_failing_for_room = round->is_disk_full;
    if (self->is_failing)
        g_array_append_vals (
            kept_removed (self->kept), round->change.removed->data, round->change.removed->len);
    s_decide_turn (self, round->change.added, round->result == FILE_DONE);
    staging_settle (self->staging, round, s_keep_staged, self);
    remake_settle (self->remake, round);
    kept_take_fetched (self->kept, round->fetched);
    journal_round_destroy (&round);
}

//  Give the journal a round with all waiting changes.
static void
s_begin_round (link_publisher_t *self)
{
    int64_t now_ms = clock_ms ();
    bool is_time = now_ms >= self->remove_at_ms;
    GArray *removed = kept_removed (self->kept);
    bool must_remake = kept_outdated (self->kept) > 0 && (is_time || !self->is_failing);
    bool must_write =
        is_time && (removed->len > 0 || staging_has_dropped (self->staging) || self->is_failing);
    if (!turn_has_taken (self->turn) && !staging_is_due (self->staging) &&
        !kept_wants (self->kept) && !must_write && !must_remake)
        return;
    if (turn_has_taken (self->turn) && s_gather_us (self) > 0)
        return;
    journal_round_t *round = journal_round_new ();
    round->is_trial = self->is_failing;
    s_end_turn (self, round->change.added);
    if (is_time) {
        g_array_append_vals (round->change.removed, removed->data, removed->len);
        g_array_set_size (removed, 0);
        self->remove_at_ms = now_ms + REMOVE_INTERVAL_MS;
    }
    staging_fill (self->staging, round, is_time);
    if (must_remake)
        remake_fill (self->remake, s_layout (&self->base), round);
    kept_fetch (self->kept, round->fetched);
    self->submitted_us = clock_us ();
    journal_round_t *done = journal_submit (self->journal, &round);
    if (done) {
        counter_add (&self->metrics->quick_rounds, 1);
        s_finish_round (self, done);
    }
}

//  Without a journal, taken messages are kept at once.
static void
s_keep_in_memory (link_publisher_t *self)
{
    if (!turn_has_taken (self->turn) && !staging_is_due (self->staging) &&
        kept_outdated (self->kept) == 0)
        return;
    journal_round_t *round = journal_round_new ();
    s_end_turn (self, round->change.added);
    s_decide_turn (self, round->change.added, true);
    staging_fill (self->staging, round, true);
    remake_fill (self->remake, s_layout (&self->base), round);
    round->result = FILE_DONE;
    staging_settle (self->staging, round, s_keep_staged, self);
    remake_settle (self->remake, round);
    journal_round_destroy (&round);
}

static void
s_keep_turn (link_publisher_t *self)
{
    if (!self->journal) {
        s_keep_in_memory (self);
        return;
    }
    journal_round_t *round = journal_done (self->journal);
    if (round)
        s_finish_round (self, round);
    //  Take messages from inherited journals. While this gateway's journal fails, try as often as
    //  the journal is tried.
    bool may_take = s_layout (&self->base).partitions > 0 &&
                    (!self->is_failing || clock_ms () >= self->remove_at_ms) &&
                    kept_held_bytes (self->kept) < KEPT_HELD_MAX_BYTES / 2 &&
                    turn_bytes (self->turn) < GATHERED_MAX_BYTES / 2;
    inheritance_run (self->inheritance, s_layout (&self->base), may_take, s_take, self);
    if (journal_is_idle (self->journal))
        s_begin_round (self);
}

static void
s_measure (link_publisher_t *self, int64_t now_us)
{
    counter_set (&self->metrics->buffered, s_buffered (&self->base));
    counter_set (&self->metrics->journal_bytes, self->journal ? s_journal_bytes (self) : 0);
    if (now_us < self->measure_at_us)
        return;
    self->measure_at_us = now_us + MEASURE_INTERVAL_US;
    counter_set (&self->metrics->disk_full, s_is_disk_full (&self->base));
    staging_evict_slow (self->staging, now_us / 1000);
    kept_measure (self->kept, self->directory, now_us);
}

static void
s_run (publisher_t *base)
{
    link_publisher_t *self = (link_publisher_t *) base;
    self->link->run (self->link);
    s_keep_turn (self);
    int64_t now_us = clock_us ();
    kept_run (self->kept, now_us, self->last_offers >= BUSY_OFFERS);
    s_measure (self, now_us);
}

//  Let the journal write all remaining changes, without a limit of time.
static void
s_close_journal (link_publisher_t *self)
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
    journal_destroy (&self->journal, kept_count (self->kept) == 0);
}

static void
s_destroy (publisher_t **base_p)
{
    link_publisher_t *self = (link_publisher_t *) *base_p;
    if (!self)
        return;
    if (self->journal)
        s_close_journal (self);
    inheritance_destroy (&self->inheritance);
    remake_destroy (&self->remake);
    turn_destroy (&self->turn);
    staging_destroy (&self->staging);
    kept_destroy (&self->kept);
    g_free (self);
    *base_p = NULL;
}

//  Look for inherited journals first, as our own would look like one.
static bool
s_open_journal (link_publisher_t *self, const link_publisher_config_t *config)
{
    bool is_synced = config->journal == JOURNAL_FSYNC;
    self->inheritance = inheritance_new (config->journal_directory);
    slot_t *slot = self->inheritance ? slot_new (config->journal_directory, is_synced) : NULL;
    self->journal = slot ? journal_new (slot, is_synced) : NULL;
    return self->journal != NULL;
}

publisher_t *
link_publisher_new (const link_publisher_config_t *config, directory_t *directory, link_t *link)
{
    link_publisher_t *self = g_new0 (link_publisher_t, 1);
    self->base = (publisher_t){s_layout, s_offer, s_stage_begin, s_stage, s_stage_accept,
        s_stage_drop, s_run, s_timeout_us, s_fd, s_buffered, s_is_full, s_is_disk_full,
        s_is_durable, s_destroy};
    self->metrics = config->metrics;
    self->buffer_limit = config->buffer;
    self->journal_limit = config->journal_limit;
    bool is_journaled = config->journal != JOURNAL_OFF;
    bool awaits_carrying = !is_journaled && !link->is_carried_when_saved;
    self->turn = turn_new (is_journaled, awaits_carrying);
    self->staging = staging_new (is_journaled, awaits_carrying);
    self->kept = kept_new (config->metrics, is_journaled);
    self->remake = remake_new (self->kept, self->turn);
    publisher_t *base = &self->base;
    if (is_journaled && !s_open_journal (self, config)) {
        s_destroy (&base);
        return NULL;
    }
    self->link = link;
    self->directory = directory;
    directory_hear_acks (directory, turn_source (self->turn), kept_acknowledge, self->kept);
    kept_set_link (self->kept, link);
    return base;
}
