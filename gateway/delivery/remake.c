//  SPDX-License-Identifier: Apache-2.0
#include "gateway/delivery/remake.h"

#define ROUND_BYTES (1024 * 1024)  //  of outdated frames: some milliseconds

struct remake {
    kept_t *kept;
    turn_t *turn;
    batch_t *batch;
    frame_t frame;
    GPtrArray *outdated;  //  of record_t *, in the current round; NULL: none
    GPtrArray *made;      //  of record_t *, from those
};

remake_t *
remake_new (kept_t *kept, turn_t *turn)
{
    remake_t *self = g_new0 (remake_t, 1);
    self->kept = kept;
    self->turn = turn;
    self->batch = batch_new ();
    self->made = g_ptr_array_new ();
    return self;
}

static void
s_discard_made (remake_t *self)
{
    for (guint index = 0; index < self->made->len; index++) {
        record_t *record = self->made->pdata[index];
        receipt_remove_frame (record->receipt);
        record_free (record);
    }
    g_ptr_array_set_size (self->made, 0);
}

void
remake_destroy (remake_t **self_p)
{
    remake_t *self = *self_p;
    if (!self)
        return;
    s_discard_made (self);
    g_clear_pointer (&self->outdated, g_ptr_array_unref);
    g_ptr_array_unref (self->made);
    batch_destroy (&self->batch);
    frame_free (&self->frame);
    g_free (self);
    *self_p = NULL;
}

//  Add the messages of a frame to the batch.
static void
s_read (remake_t *self, const record_t *record)
{
    const char *fault = frame_read (&self->frame, record->bytes, record->size);
    g_assert (!fault);  //  we made it, and the journal checks what it reads back
    for (uint32_t index = 0; index < self->frame.count; index++)
        batch_add (self->batch, &self->frame.messages[index]);
}

//  Make frames of the batch. They replace frames that share a receipt, from which the batch was
//  read.
static void
s_make (remake_t *self, const record_t *oldest)
{
    size_t count = 0;
    const chunk_t *chunks = batch_chunks (self->batch, &count);
    for (size_t index = 0; index < count; index++) {
        record_t *record = turn_make_record (
            self->turn, batch_layout (self->batch), &chunks[index], oldest->receipt);
        record->kept_us = oldest->kept_us;
        g_ptr_array_add (self->made, record);
    }
}

//  Return the end of the run of frames with the same receipt.
static guint
s_run_end (const GPtrArray *records, guint first)
{
    const receipt_t *receipt = ((const record_t *) records->pdata[first])->receipt;
    guint end = first + 1;
    while (end < records->len && ((const record_t *) records->pdata[end])->receipt == receipt)
        end++;
    return end;
}

void
remake_fill (remake_t *self, layout_t layout, journal_round_t *round)
{
    if (kept_outdated (self->kept) == 0)
        return;
    self->outdated = kept_take_outdated (self->kept, ROUND_BYTES);
    for (guint first = 0, end = 0; first < self->outdated->len; first = end) {
        end = s_run_end (self->outdated, first);
        batch_reset (self->batch, layout);
        for (guint index = first; index < end; index++) {
            const record_t *record = self->outdated->pdata[index];
            s_read (self, record);
            record_add_sequence (round->change.replaced, record->sequence);
        }
        s_make (self, self->outdated->pdata[first]);
    }
    batch_reset (self->batch, layout);
    for (guint index = 0; index < self->made->len; index++)
        g_ptr_array_add (round->change.remade, self->made->pdata[index]);
}

void
remake_settle (remake_t *self, const journal_round_t *round)
{
    if (!self->outdated)
        return;
    if (round->result == FILE_DONE)
        kept_replace (self->kept, self->outdated, self->made);
    else {
        kept_give_back_outdated (self->kept, self->outdated);
        s_discard_made (self);
    }
    g_clear_pointer (&self->outdated, g_ptr_array_unref);
}
