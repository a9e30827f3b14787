//  SPDX-License-Identifier: Apache-2.0
#include "gateway/delivery/staging.h"

#include "gateway/delivery/kept.h"

typedef enum { UPLOAD_OPEN, UPLOAD_ACCEPTED, UPLOAD_EVICTED, UPLOAD_DROPPED } upload_state_t;

//  The room that the uploads of one client hold together.
typedef struct {
    uint64_t client;
    guint uploads;
    uint64_t messages;
    uint64_t bytes;
} holder_t;

struct staged {
    uint64_t id;
    holder_t *holder;
    upload_state_t state;
    GPtrArray *records;  //  of record_t *
    guint given;         //  the number of records given to rounds
    bool is_in_round;    //  the current round has some of them
    bool is_ending;      //  the current round ends the upload
    bool is_failed;
    uint64_t messages;
    uint64_t bytes;
    evicted_t evicted;
    int64_t step_ms;         //  the time when it had grown by a further step
    uint64_t step_messages;  //  its messages at that time
    receipt_t *receipt;
    GList link;
};

struct staging {
    bool is_journaled;
    bool awaits_carrying;
    GQueue uploads;       //  of staged_t *, in the order of their last growth
    GHashTable *holders;  //  of holder_t *, by the number of the client; not those of client 0
    uint64_t next_id;
    uint64_t messages;
    uint64_t bytes;
    uint64_t new_bytes;
    guint accepted;   //  accepted uploads that wait for a round
    guint leaving;    //  evicted uploads with frames in the current round
    GArray *dropped;  //  of number_range_t: frames to delete
    GArray *ended;    //  of uint64_t: their uploads
};

staging_t *
staging_new (bool is_journaled, bool awaits_carrying)
{
    staging_t *self = g_new0 (staging_t, 1);
    self->is_journaled = is_journaled;
    self->awaits_carrying = awaits_carrying;
    self->holders = g_hash_table_new (g_int64_hash, g_int64_equal);
    self->dropped = g_array_new (FALSE, FALSE, sizeof (number_range_t));
    self->ended = g_array_new (FALSE, FALSE, sizeof (uint64_t));
    return self;
}

//  Return the holder for another upload of a client.
static holder_t *
s_hold (staging_t *self, uint64_t client)
{
    holder_t *holder = client ? g_hash_table_lookup (self->holders, &client) : NULL;
    if (!holder) {
        holder = g_new0 (holder_t, 1);
        holder->client = client;
        if (client)
            g_hash_table_insert (self->holders, &holder->client, holder);
    }
    holder->uploads++;
    return holder;
}

static void
s_let_go (staging_t *self, holder_t *holder)
{
    if (--holder->uploads > 0)
        return;
    if (holder->client)
        g_hash_table_remove (self->holders, &holder->client);
    g_free (holder);
}

//  Remove an upload from all counts.
static void
s_uncount (staging_t *self, staged_t *upload)
{
    self->messages -= upload->messages;
    self->bytes -= upload->bytes;
    upload->holder->messages -= upload->messages;
    upload->holder->bytes -= upload->bytes;
    upload->messages = 0;
    upload->bytes = 0;
}

//  Free an upload and the records that it still has.
static void
s_free (staging_t *self, staged_t *upload)
{
    g_queue_unlink (&self->uploads, &upload->link);
    s_uncount (self, upload);
    s_let_go (self, upload->holder);
    g_ptr_array_unref (upload->records);
    receipt_unref (&upload->receipt);
    g_free (upload);
}

void
staging_destroy (staging_t **self_p)
{
    staging_t *self = *self_p;
    if (!self)
        return;
    while (self->uploads.head)
        s_free (self, self->uploads.head->data);
    g_hash_table_destroy (self->holders);
    g_array_unref (self->dropped);
    g_array_unref (self->ended);
    g_free (self);
    *self_p = NULL;
}

staged_t *
staging_begin (staging_t *self, uint64_t client, int64_t now_ms)
{
    staged_t *upload = g_new0 (staged_t, 1);
    upload->id = ++self->next_id;
    upload->holder = s_hold (self, client);
    upload->records = g_ptr_array_new_with_free_func (record_free);
    upload->receipt = receipt_new (self->awaits_carrying);
    upload->step_ms = now_ms;
    upload->link.data = upload;
    g_queue_push_tail_link (&self->uploads, &upload->link);
    return upload;
}

receipt_t *
staged_receipt (const staged_t *upload)
{
    return upload->receipt;
}

uint64_t
staged_messages (const staged_t *upload)
{
    return upload->messages;
}

uint64_t
staged_bytes (const staged_t *upload)
{
    return upload->bytes;
}

bool
staged_is_failed (const staged_t *upload)
{
    return upload->is_failed;
}

evicted_t
staged_evicted (const staged_t *upload)
{
    return upload->evicted;
}

//  Note that an upload has grown.
static void
s_grow (staging_t *self, staged_t *upload, int64_t now_ms)
{
    g_queue_unlink (&self->uploads, &upload->link);
    g_queue_push_tail_link (&self->uploads, &upload->link);
    if (upload->messages < upload->step_messages + UPLOAD_STEP_MESSAGES)
        return;
    upload->step_messages = upload->messages;
    upload->step_ms = now_ms;
}

void
staging_add (staging_t *self, staged_t *upload, record_t *record, int64_t now_ms)
{
    uint64_t bytes = record->size + ROW_BYTES;
    g_assert (upload->state == UPLOAD_OPEN);
    g_ptr_array_add (upload->records, record);
    upload->messages += record->messages;
    upload->bytes += bytes;
    upload->holder->messages += record->messages;
    upload->holder->bytes += bytes;
    self->messages += record->messages;
    self->bytes += bytes;
    self->new_bytes += bytes;
    s_grow (self, upload, now_ms);
}

receipt_t *
staging_accept (staging_t *self, staged_t *upload)
{
    g_assert (upload->state == UPLOAD_OPEN && !upload->is_failed);
    upload->state = UPLOAD_ACCEPTED;
    self->accepted++;
    receipt_close (upload->receipt);
    return receipt_ref (upload->receipt);
}

//  Free the frames of an upload that no round has, and note all its frames for deletion. Deleting a
//  frame that was never in the journal does no harm.
static void
s_empty (staging_t *self, staged_t *upload)
{
    for (guint index = 0; self->is_journaled && index < upload->given; index++)
        record_add_sequence (
            self->dropped, ((const record_t *) upload->records->pdata[index])->sequence);
    if (self->is_journaled && upload->given > 0)
        g_array_append_val (self->ended, upload->id);
    for (guint index = upload->given; index < upload->records->len; index++)
        self->new_bytes -= ((const record_t *) upload->records->pdata[index])->size + ROW_BYTES;
    g_ptr_array_set_size (upload->records, 0);
    upload->given = 0;
    s_uncount (self, upload);
}

static void
s_discard (staging_t *self, staged_t *upload)
{
    s_empty (self, upload);
    s_free (self, upload);
}

void
staging_drop (staging_t *self, staged_t *upload)
{
    g_assert (upload->state == UPLOAD_OPEN || upload->state == UPLOAD_EVICTED);
    self->leaving -= upload->state == UPLOAD_EVICTED && upload->is_in_round;
    upload->state = UPLOAD_DROPPED;
    if (!upload->is_in_round)
        s_discard (self, upload);
}

static void
s_evict (staging_t *self, staged_t *upload, evicted_t reason)
{
    upload->state = UPLOAD_EVICTED;
    upload->evicted = reason;
    if (upload->is_in_round)
        self->leaving++;
    else
        s_empty (self, upload);
}

static bool
s_is_over (uint64_t messages, uint64_t bytes, room_t room)
{
    return messages > room.messages || bytes > room.bytes;
}

bool
staging_make_room (staging_t *self, const staged_t *asker, room_t each, room_t all)
{
    bool are_over = s_is_over (self->messages, self->bytes, all);
    staged_t *chosen = NULL;
    if (self->leaving > 0)
        return true;
    for (GList *link = self->uploads.head; link && !chosen; link = link->next) {
        staged_t *upload = link->data;
        if (upload->state == UPLOAD_OPEN && upload != asker && upload->messages > 0 &&
            s_is_over (upload->holder->messages, upload->holder->bytes, each))
            chosen = upload;
    }
    for (GList *link = self->uploads.head; are_over && link && !chosen; link = link->next) {
        staged_t *upload = link->data;
        if (upload->state == UPLOAD_OPEN && upload != asker && upload->messages > 0)
            chosen = upload;
    }
    if (chosen)
        s_evict (self, chosen, EVICTED_FOR_ROOM);
    return chosen != NULL;
}

void
staging_evict_slow (staging_t *self, int64_t now_ms)
{
    for (GList *link = self->uploads.head; link; link = link->next) {
        staged_t *upload = link->data;
        if (upload->state == UPLOAD_OPEN && upload->messages > 0 &&
            now_ms - upload->step_ms >= UPLOAD_STEP_MS)
            s_evict (self, upload, EVICTED_SLOW);
    }
}

uint64_t
staging_messages (const staging_t *self)
{
    return self->messages;
}

uint64_t
staging_bytes (const staging_t *self)
{
    return self->bytes;
}

uint64_t
staging_new_bytes (const staging_t *self)
{
    return self->new_bytes;
}

bool
staging_is_due (const staging_t *self)
{
    return self->accepted > 0 || (self->is_journaled && self->new_bytes > 0);
}

bool
staging_has_dropped (const staging_t *self)
{
    return self->ended->len > 0;
}

//  Add a mark for each run of frames with neighbouring sequences.
static void
s_mark (GArray *marked, uint64_t id, uint64_t sequence)
{
    upload_mark_t *last =
        marked->len ? &g_array_index (marked, upload_mark_t, marked->len - 1) : NULL;
    if (last && last->upload == id && last->frames.last + 1 == sequence) {
        last->frames.last = sequence;
        return;
    }
    upload_mark_t mark = {id, {sequence, sequence}};
    g_array_append_val (marked, mark);
}

static void
s_fill_with (staging_t *self, staged_t *upload, journal_round_t *round)
{
    if (upload->state == UPLOAD_EVICTED)
        return;
    for (; upload->given < upload->records->len; upload->given++) {
        record_t *record = upload->records->pdata[upload->given];
        g_ptr_array_add (round->change.staged, record);
        //  The round that deletes the marks also holds the last frames.
        if (upload->state == UPLOAD_OPEN)
            s_mark (round->change.marked, upload->id, record->sequence);
        self->new_bytes -= record->size + ROW_BYTES;
        upload->is_in_round = true;
    }
    if (upload->state == UPLOAD_ACCEPTED) {
        g_array_append_val (round->change.ended, upload->id);
        upload->is_in_round = true;
        upload->is_ending = true;
        self->accepted--;
    }
}

void
staging_fill (staging_t *self, journal_round_t *round, bool may_remove)
{
    for (GList *link = self->uploads.head; link; link = link->next)
        s_fill_with (self, link->data, round);
    if (!may_remove)
        return;
    //  Delete frames and marks together: frames without a mark would count as accepted.
    g_array_append_vals (round->change.dropped, self->dropped->data, self->dropped->len);
    g_array_append_vals (round->change.ended, self->ended->data, self->ended->len);
    g_array_set_size (self->dropped, 0);
    g_array_set_size (self->ended, 0);
}

//  Free the bytes of frames that the journal has.
static void
s_release (staged_t *upload)
{
    for (guint index = upload->given; index > 0; index--) {
        record_t *record = upload->records->pdata[index - 1];
        if (!record->bytes)
            return;
        g_clear_pointer (&record->bytes, g_free);
    }
}

static void
s_keep (staging_t *self, staged_t *upload, staging_keep_fn *keep, void *context)
{
    g_ptr_array_set_free_func (upload->records, NULL);
    for (guint index = 0; index < upload->records->len; index++)
        keep (context, upload->records->pdata[index]);
    receipt_decide (upload->receipt, RECEIPT_KEPT);
    s_free (self, upload);
}

static void
s_settle_one (staging_t *self, staged_t *upload, bool is_done, staging_keep_fn *keep, void *context)
{
    bool is_over =
        upload->state == UPLOAD_DROPPED || (upload->state == UPLOAD_ACCEPTED && !is_done);
    upload->is_in_round = false;
    if (upload->state == UPLOAD_EVICTED) {
        self->leaving--;
        s_empty (self, upload);
        return;
    }
    if (upload->is_ending && is_done) {
        s_keep (self, upload, keep, context);
        return;
    }
    if (upload->state == UPLOAD_ACCEPTED && !is_done) {
        self->accepted -= !upload->is_ending;
        receipt_decide (upload->receipt, RECEIPT_REFUSED);
    }
    upload->is_failed |= !is_done;
    if (is_done && self->is_journaled)
        s_release (upload);
    if (is_over)
        s_discard (self, upload);
}

void
staging_settle (staging_t *self, const journal_round_t *round, staging_keep_fn *keep, void *context)
{
    bool is_done = round->result == FILE_DONE;
    if (!is_done) {
        g_array_append_vals (
            self->dropped, round->change.dropped->data, round->change.dropped->len);
        g_array_append_vals (self->ended, round->change.ended->data, round->change.ended->len);
    }
    for (GList *link = self->uploads.head; link;) {
        staged_t *upload = link->data;
        link = link->next;
        if (upload->is_in_round)
            s_settle_one (self, upload, is_done, keep, context);
    }
}
