//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/saved_tails.h"

#include <glib.h>

typedef struct {
    frame_head_t head;
    uint64_t digest;
    uint64_t noted;  //  number of notes until then
} tail_t;

struct saved_tails {
    GArray *tails;  //  of tail_t
    uint64_t notes;
};

saved_tails_t *
saved_tails_new (void)
{
    saved_tails_t *self = g_new0 (saved_tails_t, 1);
    self->tails = g_array_new (FALSE, FALSE, sizeof (tail_t));
    return self;
}

void
saved_tails_destroy (saved_tails_t **self_p)
{
    saved_tails_t *self = *self_p;
    if (!self)
        return;
    g_array_unref (self->tails);
    g_free (self);
    *self_p = NULL;
}

//  Return the place for a source: its own, a new one, or that of the source with the oldest note.
static tail_t *
s_place (saved_tails_t *self, const uint8_t *source)
{
    tail_t *oldest = NULL;
    for (guint index = 0; index < self->tails->len; index++) {
        tail_t *tail = &g_array_index (self->tails, tail_t, index);
        if (memcmp (tail->head.source, source, FRAME_SOURCE_SIZE) == 0)
            return tail;
        if (!oldest || tail->noted < oldest->noted)
            oldest = tail;
    }
    if (self->tails->len == SAVED_TAILS_MAX)
        return oldest;
    g_array_set_size (self->tails, self->tails->len + 1);
    return &g_array_index (self->tails, tail_t, self->tails->len - 1);
}

static void
s_note (void *context, const frame_head_t *head, uint64_t digest)
{
    saved_tails_t *self = context;
    *s_place (self, head->source) = (tail_t){*head, digest, ++self->notes};
}

void
saved_tails_note (saved_tails_t *self, const acks_t *saved)
{
    acks_each_last (saved, s_note, self);
}

void
saved_tails_repeat (const saved_tails_t *self, acks_t *acks)
{
    for (guint index = 0; index < self->tails->len; index++) {
        const tail_t *tail = &g_array_index (self->tails, tail_t, index);
        acks_add (acks, &tail->head, tail->digest);
    }
}
