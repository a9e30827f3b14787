//  A SUB listens to everything that begins with its topic. So the topics behind "rocket/" are a set
//  of beginnings of ids, and how many there are of each size: an id is looked up once for every size
//  that there is.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/listeners.h"

#include <glib.h>

#include "common/text_key.h"
#include "query/rocket_update.h"

#define SYNCS_MAX 4096  //  each costs a message every 100 ms

struct listeners {
    uint32_t to_all;                                //  topics that every update begins with
    GHashTable *beginnings;                         //  of ids; text_t *, each in one block
    uint32_t sizes[MESSAGE_CHANNEL_MAX_BYTES + 1];  //  how many beginnings have this size
    GHashTable *syncs;                              //  whole topics, likewise
};

listeners_t *
listeners_new (void)
{
    listeners_t *self = g_new0 (listeners_t, 1);
    self->beginnings = g_hash_table_new_full (text_key_hash, text_key_equal, g_free, NULL);
    self->syncs = g_hash_table_new_full (text_key_hash, text_key_equal, g_free, NULL);
    return self;
}

void
listeners_destroy (listeners_t **self_p)
{
    listeners_t *self = *self_p;
    if (!self)
        return;
    g_hash_table_destroy (self->beginnings);
    g_hash_table_destroy (self->syncs);
    g_free (self);
    *self_p = NULL;
}

//  Put a text into a set, or out of it. True if that changed the set.
static bool
s_set (GHashTable *set, text_t text, bool is_in)
{
    if (!is_in)
        return g_hash_table_remove (set, &text);
    if (g_hash_table_contains (set, &text))
        return false;
    text_t *copy = g_malloc (sizeof *copy + text.size);
    memcpy (copy + 1, text.data, text.size);
    *copy = text_of ((const char *) (copy + 1), text.size);
    return g_hash_table_add (set, copy);
}

static bool
s_begins (text_t text, const char *beginning)
{
    size_t size = strlen (beginning);
    return text.size >= size && memcmp (text.data, beginning, size) == 0;
}

text_t
listeners_take (listeners_t *self, text_t message)
{
    if (message.size == 0 || (uint8_t) message.data[0] > 1)
        return (text_t){0};
    bool is_on = message.data[0] == 1;
    text_t topic = text_of (message.data + 1, message.size - 1);
    size_t prefix = strlen (UPDATE_TOPIC);
    if (topic.size <= prefix && memcmp (topic.data, UPDATE_TOPIC, topic.size) == 0)
        self->to_all = is_on ? self->to_all + 1 : self->to_all - (self->to_all > 0);
    else if (s_begins (topic, UPDATE_TOPIC) && topic.size <= UPDATE_TOPIC_MAX) {
        text_t id = text_of (topic.data + prefix, topic.size - prefix);
        if (s_set (self->beginnings, id, is_on))
            self->sizes[id.size] = is_on ? self->sizes[id.size] + 1 : self->sizes[id.size] - 1;
    }
    else if (s_begins (topic, SYNC_TOPIC) && topic.size <= SYNC_TOPIC_MAX) {
        bool has_room = g_hash_table_size (self->syncs) < SYNCS_MAX;
        if (s_set (self->syncs, topic, is_on && has_room) && is_on)
            return topic;
    }
    return (text_t){0};
}

bool
listeners_want_some (const listeners_t *self)
{
    return self->to_all > 0 || g_hash_table_size (self->beginnings) > 0;
}

bool
listeners_want (const listeners_t *self, text_t id)
{
    if (self->to_all > 0)
        return true;
    for (size_t size = 1; size <= id.size && size <= MESSAGE_CHANNEL_MAX_BYTES; size++) {
        text_t beginning = text_of (id.data, size);
        if (self->sizes[size] > 0 && g_hash_table_contains (self->beginnings, &beginning))
            return true;
    }
    return false;
}

void
listeners_each_sync (const listeners_t *self, listeners_sync_fn *function, void *context)
{
    GHashTableIter iterator;
    gpointer topic;
    g_hash_table_iter_init (&iterator, self->syncs);
    while (g_hash_table_iter_next (&iterator, &topic, NULL))
        function (context, *(const text_t *) topic);
}
