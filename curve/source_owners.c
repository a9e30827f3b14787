//  SPDX-License-Identifier: Apache-2.0
#include "curve/source_owners.h"

#include <glib.h>

#include "common/bytes/frame_source.h"

//  A key, and the sources that it used, the one used longest ago first.
typedef struct {
    GQueue sources;  //  of owned_source_t *
    char name[];
} holder_t;

typedef struct {
    uint8_t source[FRAME_SOURCE_SIZE];
    holder_t *holder;
    GList place;  //  in its sources
} owned_source_t;

struct source_owners {
    GHashTable *sources;  //  owned_source_t *, by its source
    GHashTable *holders;  //  holder_t *, by its name
};

source_owners_t *
source_owners_new (void)
{
    source_owners_t *self = g_new0 (source_owners_t, 1);
    self->sources = g_hash_table_new_full (frame_source_hash, frame_source_equal, NULL, g_free);
    self->holders = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
    return self;
}

void
source_owners_destroy (source_owners_t **self_p)
{
    source_owners_t *self = *self_p;
    if (!self)
        return;
    g_hash_table_unref (self->sources);
    g_hash_table_unref (self->holders);
    g_free (self);
    *self_p = NULL;
}

static holder_t *
s_holder (source_owners_t *self, const char *name)
{
    holder_t *holder = g_hash_table_lookup (self->holders, name);
    if (holder)
        return holder;
    if (g_hash_table_size (self->holders) == SOURCE_KEYS_MAX) {
        g_hash_table_remove_all (self->sources);
        g_hash_table_remove_all (self->holders);
    }
    size_t size = strlen (name) + 1;
    holder = g_malloc0 (sizeof *holder + size);
    memcpy (holder->name, name, size);
    g_queue_init (&holder->sources);
    g_hash_table_insert (self->holders, holder->name, holder);
    return holder;
}

static void
s_forget_oldest (source_owners_t *self, holder_t *holder)
{
    owned_source_t *oldest = holder->sources.head->data;
    g_queue_unlink (&holder->sources, &oldest->place);
    g_hash_table_remove (self->sources, oldest->source);
}

static void
s_add (source_owners_t *self, const uint8_t source[FRAME_SOURCE_SIZE], const char *key)
{
    holder_t *holder = s_holder (self, key);
    if (holder->sources.length == SOURCES_OF_A_KEY_MAX)
        s_forget_oldest (self, holder);
    owned_source_t *owned = g_new0 (owned_source_t, 1);
    memcpy (owned->source, source, FRAME_SOURCE_SIZE);
    owned->holder = holder;
    owned->place.data = owned;
    g_queue_push_tail_link (&holder->sources, &owned->place);
    g_hash_table_insert (self->sources, owned->source, owned);
}

bool
source_owners_take (source_owners_t *self, const uint8_t source[FRAME_SOURCE_SIZE], const char *key)
{
    owned_source_t *owned = g_hash_table_lookup (self->sources, source);
    if (!owned)
        s_add (self, source, key);
    else if (strcmp (owned->holder->name, key) != 0)
        return false;
    else if (owned->place.next) {
        g_queue_unlink (&owned->holder->sources, &owned->place);
        g_queue_push_tail_link (&owned->holder->sources, &owned->place);
    }
    return true;
}
