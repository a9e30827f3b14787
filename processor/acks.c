//  Sequences come mostly in order, so each source's are kept as ranges in the order of arrival.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/acks.h"

#include <glib.h>

#define RANGES_PER_MESSAGE 4096

struct acks {
    GHashTable *sources;  //  GBytes of the source to GArray of number_range_t
};

acks_t *
acks_new (void)
{
    acks_t *self = g_new0 (acks_t, 1);
    self->sources = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
        (GDestroyNotify) g_bytes_unref, (GDestroyNotify) g_array_unref);
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

static GArray *
s_ranges (acks_t *self, const uint8_t *source)
{
    GBytes *key = g_bytes_new (source, FRAME_SOURCE_SIZE);
    GArray *ranges = g_hash_table_lookup (self->sources, key);
    if (ranges)
        g_bytes_unref (key);
    else {
        ranges = g_array_new (FALSE, FALSE, sizeof (number_range_t));
        g_hash_table_insert (self->sources, key, ranges);
    }
    return ranges;
}

void
acks_add (acks_t *self, const frame_head_t *head)
{
    GArray *ranges = s_ranges (self, head->source);
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

bool
acks_is_empty (const acks_t *self)
{
    return g_hash_table_size (self->sources) == 0;
}

static void
s_publish (const uint8_t *source, const GArray *ranges, const uint8_t *processor, socket_t *events)
{
    char topic[ANNOUNCEMENT_ACK_TOPIC_SIZE];
    ack_topic (source, topic);
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
    gpointer source;
    gpointer ranges;
    g_hash_table_iter_init (&iterator, self->sources);
    while (g_hash_table_iter_next (&iterator, &source, &ranges)) {
        s_publish (g_bytes_get_data (source, NULL), ranges, processor, events);
        g_hash_table_iter_remove (&iterator);
    }
}
