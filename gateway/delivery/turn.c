//  SPDX-License-Identifier: Apache-2.0
#include "gateway/delivery/turn.h"

#include <sys/random.h>

#include "common/domain/partition.h"

struct turn {
    uint8_t source[FRAME_SOURCE_SIZE];
    uint64_t next_sequence;
    bool is_journaled;
    bool awaits_carrying;
    layout_t layout;               //  of the open messages
    chunk_t open[PARTITIONS_MAX];  //  by partition
    receipt_t *receipt;            //  of the open turn; NULL: it has no messages
    GPtrArray *sealed;             //  of record_t *: its full frames
    uint64_t bytes;                //  of its messages
    uint64_t pending;              //  messages
    receipt_t *committing;         //  of the ended turn
};

turn_t *
turn_new (bool is_journaled, bool awaits_carrying)
{
    turn_t *self = g_new0 (turn_t, 1);
    ssize_t random = getrandom (self->source, FRAME_SOURCE_SIZE, 0);
    g_assert (random == FRAME_SOURCE_SIZE);
    self->next_sequence = 1;
    self->is_journaled = is_journaled;
    self->awaits_carrying = awaits_carrying;
    self->sealed = g_ptr_array_new ();
    return self;
}

void
turn_destroy (turn_t **self_p)
{
    turn_t *self = *self_p;
    if (!self)
        return;
    receipt_unref (&self->receipt);
    receipt_unref (&self->committing);
    g_ptr_array_set_free_func (self->sealed, record_free);
    g_ptr_array_unref (self->sealed);
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        packed_messages_free (&self->open[partition].messages);
    g_free (self);
    *self_p = NULL;
}

const uint8_t *
turn_source (const turn_t *self)
{
    return self->source;
}

record_t *
turn_make_record (turn_t *self, layout_t layout, const chunk_t *chunk, receipt_t *receipt)
{
    const packed_messages_t *messages = &chunk->messages;
    frame_head_t head = {.sequence = self->next_sequence++, .partition = chunk->partition};
    memcpy (head.source, self->source, FRAME_SOURCE_SIZE);
    record_t *record = g_new0 (record_t, 1);
    record->sequence = head.sequence;
    record->partition = chunk->partition;
    record->layout = layout;
    record->messages = messages->count;
    record->bytes = g_malloc (FRAME_HEAD_MAX_BYTES + messages->size);
    record->size = (uint32_t) frame_write (&head, messages, record->bytes);
    record->digest = frame_digest (record->bytes, record->size);
    record->receipt = receipt_ref (receipt);
    receipt_add_frame (receipt);
    return record;
}

//  Make a frame of the open messages of a partition.
static void
s_seal (turn_t *self, uint32_t partition)
{
    chunk_t *open = &self->open[partition];
    if (open->messages.count == 0)
        return;
    open->partition = partition;
    g_ptr_array_add (self->sealed, turn_make_record (self, self->layout, open, self->receipt));
    packed_messages_clear (&open->messages);
}

static void
s_seal_all (turn_t *self)
{
    for (uint32_t partition = 0; partition < self->layout.partitions; partition++)
        s_seal (self, partition);
}

receipt_t *
turn_take (turn_t *self, batch_t *batch)
{
    size_t chunks_count = 0;
    const chunk_t *chunks = batch_chunks (batch, &chunks_count);
    if (!self->receipt) {
        self->receipt = receipt_new (self->awaits_carrying);
        //  Without a journal the messages are kept now, or when they are carried.
        if (!self->is_journaled)
            receipt_decide (self->receipt, RECEIPT_KEPT);
    }
    if (!layout_equal (batch_layout (batch), self->layout))
        s_seal_all (self);
    self->layout = batch_layout (batch);
    for (size_t index = 0; index < chunks_count; index++) {
        packed_messages_t *open = &self->open[chunks[index].partition].messages;
        if (open->size + chunks[index].messages.size > FRAME_MESSAGES_BYTES)
            s_seal (self, chunks[index].partition);
        packed_messages_append (open, &chunks[index].messages);
        self->bytes += chunks[index].messages.size;
    }
    self->pending += batch_count (batch);
    return receipt_ref (self->receipt);
}

bool
turn_has_taken (const turn_t *self)
{
    return self->receipt != NULL;
}

uint64_t
turn_bytes (const turn_t *self)
{
    return self->bytes;
}

uint64_t
turn_pending (const turn_t *self)
{
    return self->pending;
}

GPtrArray *
turn_end (turn_t *self)
{
    g_assert (self->receipt && !self->committing);
    s_seal_all (self);
    receipt_close (self->receipt);
    self->committing = g_steal_pointer (&self->receipt);
    self->bytes = 0;
    GPtrArray *frames = g_steal_pointer (&self->sealed);
    self->sealed = g_ptr_array_new ();
    return frames;
}

void
turn_settle_frame (turn_t *self, const record_t *record)
{
    self->pending -= record->messages;
}

void
turn_decide (turn_t *self, receipt_outcome_t outcome)
{
    if (self->committing)
        receipt_decide (self->committing, outcome);
    receipt_unref (&self->committing);
}
