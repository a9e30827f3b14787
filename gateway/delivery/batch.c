//  SPDX-License-Identifier: Apache-2.0
#include "gateway/delivery/batch.h"

#include <glib.h>

struct batch {
    layout_t layout;
    size_t count;
    GArray *chunks;  //  of chunk_t; the first `used` hold messages, the others only memory
    guint used;
    guint open[PARTITIONS_MAX];  //  the open chunk of a partition, plus one; 0: none
};

batch_t *
batch_new (void)
{
    batch_t *self = g_new0 (batch_t, 1);
    self->chunks = g_array_new (FALSE, TRUE, sizeof (chunk_t));
    return self;
}

void
batch_destroy (batch_t **self_p)
{
    batch_t *self = *self_p;
    if (!self)
        return;
    for (guint index = 0; index < self->chunks->len; index++)
        packed_messages_free (&g_array_index (self->chunks, chunk_t, index).messages);
    g_array_unref (self->chunks);
    g_free (self);
    *self_p = NULL;
}

void
batch_reset (batch_t *self, layout_t layout)
{
    for (guint index = 0; index < self->used; index++) {
        chunk_t *chunk = &g_array_index (self->chunks, chunk_t, index);
        self->open[chunk->partition] = 0;
        packed_messages_clear (&chunk->messages);
    }
    self->used = 0;
    self->count = 0;
    self->layout = (layout_t){MAX (layout.partitions, 1), layout.partitioner};
}

static chunk_t *
s_open_chunk (batch_t *self, uint32_t partition)
{
    if (self->used == self->chunks->len)
        g_array_set_size (self->chunks, self->used + 1);
    chunk_t *chunk = &g_array_index (self->chunks, chunk_t, self->used);
    chunk->partition = partition;
    self->open[partition] = ++self->used;
    return chunk;
}

void
batch_add (batch_t *self, const message_t *message)
{
    uint32_t partition = partition_of (message->channel, self->layout);
    guint open = self->open[partition];
    chunk_t *chunk =
        open ? &g_array_index (self->chunks, chunk_t, open - 1) : s_open_chunk (self, partition);
    if (chunk->messages.size >= FRAME_MESSAGES_BYTES)
        chunk = s_open_chunk (self, partition);
    packed_messages_add (&chunk->messages, message);
    self->count++;
}

layout_t
batch_layout (const batch_t *self)
{
    return self->layout;
}

size_t
batch_count (const batch_t *self)
{
    return self->count;
}

chunk_t *
batch_chunks (const batch_t *self, size_t *count)
{
    *count = self->used;
    return (chunk_t *) (gpointer) self->chunks->data;
}
