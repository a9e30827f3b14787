//  Sequences come mostly in order, so each source's are kept as ranges in the order of arrival.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/acks.h"

#include <glib.h>

#define RANGES_PER_MESSAGE 4096

typedef struct {
    GArray *ranges;     //  of number_range_t
    frame_head_t last;  //  that was added
} source_t;

struct acks {
    GHashTable *sources;  //  source to source_t
};

//  A source is random bytes.
static guint
s_hash (gconstpointer key)
{
    guint hash;
    memcpy (&hash, key, sizeof hash);
    return hash;
}

static gboolean
s_equal (gconstpointer a, gconstpointer b)
{
    return memcmp (a, b, FRAME_SOURCE_SIZE) == 0;
}

static void
s_free_source (void *data)
{
    source_t *source = data;
    g_array_unref (source->ranges);
    g_free (source);
}

acks_t *
acks_new (void)
{
    acks_t *self = g_new0 (acks_t, 1);
    self->sources = g_hash_table_new_full (s_hash, s_equal, g_free, s_free_source);
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
        source->ranges = g_array_new (FALSE, FALSE, sizeof (number_range_t));
        g_hash_table_insert (self->sources, g_memdup2 (id, FRAME_SOURCE_SIZE), source);
    }
    return source;
}

void
acks_add (acks_t *self, const frame_head_t *head)
{
    source_t *source = s_source (self, head->source);
    GArray *ranges = source->ranges;
    source->last = *head;
    if (ranges->len > 0) {
        number_range_t *last = &g_array_index (ranges, number_range_t, ranges->len - 1);
        if (head->sequence >= last->first && head->sequence <= last->last)
            return;
        if (last->last + 1 == head->sequence) {
            last->last = head->sequence;
            return;
        }
    }
    number_range_t range = {head->sequence, head->sequence};
    g_array_append_val (ranges, range);
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
        if (source->ranges->len == 0)
            source->last = added->last;
        g_array_append_vals (source->ranges, added->ranges->data, added->ranges->len);
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
        last (context, &((const source_t *) value)->last);
}

bool
acks_is_empty (const acks_t *self)
{
    return g_hash_table_size (self->sources) == 0;
}

static gint
s_compare (gconstpointer a, gconstpointer b)
{
    const number_range_t *one = a;
    const number_range_t *other = b;
    return one->first < other->first ? -1 : one->first > other->first;
}

//  Make one range of those that touch: the partitions of a processor share the sequences of a source,
//  so what was saved together is mostly one range.
static void
s_join (GArray *ranges)
{
    guint kept = 0;
    g_array_sort (ranges, s_compare);
    number_range_t *all = (number_range_t *) (gpointer) ranges->data;
    for (guint index = 1; index < ranges->len; index++) {
        if (all[index].first <= all[kept].last || all[index].first == all[kept].last + 1)
            all[kept].last = MAX (all[kept].last, all[index].last);
        else
            all[++kept] = all[index];
    }
    g_array_set_size (ranges, kept + 1);
}

static void
s_publish (const uint8_t *source, GArray *ranges, const uint8_t *processor, socket_t *events)
{
    char topic[ANNOUNCEMENT_ACK_TOPIC_SIZE];
    ack_topic (source, topic);
    s_join (ranges);
    for (guint start = 0; start < ranges->len; start += RANGES_PER_MESSAGE) {
        guint count = MIN (ranges->len - start, RANGES_PER_MESSAGE);
        size_t size = 0;
        void *bytes =
            ack_write (processor, &g_array_index (ranges, number_range_t, start), count, &size);
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
        s_publish (id, ((source_t *) source)->ranges, processor, events);
        g_hash_table_iter_remove (&iterator);
    }
}
