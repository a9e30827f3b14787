//  The list of a source has its frames in the order of arrival. acks_publish sorts it.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/acks.h"

#include <glib.h>

#include "common/bytes/frame_source.h"

#define FRAMES_PER_MESSAGE 16384

typedef struct {
    GArray *frames;     //  of saved_frame_t
    frame_head_t last;  //  the frame that was added last
    uint64_t digest;    //  of the last frame
} source_t;

struct acks {
    GHashTable *sources;  //  source to source_t
};

static void
s_free_source (void *data)
{
    source_t *source = data;
    g_array_unref (source->frames);
    g_free (source);
}

acks_t *
acks_new (void)
{
    acks_t *self = g_new0 (acks_t, 1);
    self->sources =
        g_hash_table_new_full (frame_source_hash, frame_source_equal, g_free, s_free_source);
    return self;
}

void
acks_destroy (acks_t **self_p)
{
    acks_t *self = *self_p;
    if (!self)
        return;
    g_hash_table_destroy (self->sources);
    g_free (self);
    *self_p = NULL;
}

static source_t *
s_source (acks_t *self, const uint8_t *id)
{
    source_t *source = g_hash_table_lookup (self->sources, id);
    if (!source) {
        source = g_new0 (source_t, 1);
        source->frames = g_array_new (FALSE, FALSE, sizeof (saved_frame_t));
        g_hash_table_insert (self->sources, g_memdup2 (id, FRAME_SOURCE_SIZE), source);
    }
    return source;
}

void
acks_add (acks_t *self, const frame_head_t *head, uint64_t digest)
{
    source_t *source = s_source (self, head->source);
    saved_frame_t frame = {head->sequence, digest};
    source->last = *head;
    source->digest = digest;
    g_array_append_val (source->frames, frame);
}

void
acks_move_all (acks_t *self, acks_t *other)
{
    GHashTableIter iterator;
    gpointer id;
    gpointer value;
    g_hash_table_iter_init (&iterator, other->sources);
    while (g_hash_table_iter_next (&iterator, &id, &value)) {
        const source_t *added = value;
        source_t *source = s_source (self, id);
        if (source->frames->len == 0) {
            source->last = added->last;
            source->digest = added->digest;
        }
        g_array_append_vals (source->frames, added->frames->data, added->frames->len);
        g_hash_table_iter_remove (&iterator);
    }
}

void
acks_each_last (const acks_t *self, acks_last_fn *last, void *context)
{
    GHashTableIter iterator;
    gpointer value;
    g_hash_table_iter_init (&iterator, self->sources);
    while (g_hash_table_iter_next (&iterator, NULL, &value))
        last (context, &((const source_t *) value)->last, ((const source_t *) value)->digest);
}

bool
acks_is_empty (const acks_t *self)
{
    return g_hash_table_size (self->sources) == 0;
}

static gint
s_compare (gconstpointer a, gconstpointer b)
{
    const saved_frame_t *one = a;
    const saved_frame_t *other = b;
    if (one->sequence != other->sequence)
        return one->sequence < other->sequence ? -1 : 1;
    return one->digest < other->digest ? -1 : one->digest > other->digest;
}

//  Sort the frames by sequence and remove repeated ones.
static void
s_sort (GArray *frames)
{
    guint kept = 0;
    g_array_sort (frames, s_compare);
    saved_frame_t *all = (saved_frame_t *) (gpointer) frames->data;
    for (guint index = 1; index < frames->len; index++)
        if (s_compare (&all[index], &all[kept]) != 0)
            all[++kept] = all[index];
    g_array_set_size (frames, kept + 1);
}

static void
s_publish (const uint8_t *source, GArray *frames, const uint8_t *processor, socket_t *events)
{
    char topic[ANNOUNCEMENT_ACK_TOPIC_SIZE];
    ack_topic (source, topic);
    s_sort (frames);
    for (guint start = 0; start < frames->len; start += FRAMES_PER_MESSAGE) {
        guint count = MIN (frames->len - start, FRAMES_PER_MESSAGE);
        size_t size = 0;
        void *bytes =
            ack_write (processor, &g_array_index (frames, saved_frame_t, start), count, &size);
        if (socket_send (events, topic, strlen (topic), true))
            (void) !socket_send (events, bytes, size, false);
        free (bytes);
    }
}

void
acks_publish (acks_t *self, const uint8_t processor[PROCESSOR_ID_SIZE], socket_t *events)
{
    GHashTableIter iterator;
    gpointer id;
    gpointer source;
    g_hash_table_iter_init (&iterator, self->sources);
    while (g_hash_table_iter_next (&iterator, &id, &source)) {
        s_publish (id, ((source_t *) source)->frames, processor, events);
        g_hash_table_iter_remove (&iterator);
    }
}
