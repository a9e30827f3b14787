//  The table is a set of rockets, hashed by id: no key is stored beside the rocket. To look one up
//  without making a rocket, the key is the address of a text_t with its lowest bit set.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard.h"

#include <glib.h>

struct shard {
    owned_t owned;
    ordering_t ordering;
    text_pool_t *pool;
    GHashTable *rockets;  //  of rocket_t *, owned
};

static gconstpointer
s_probe (const text_t *id)
{
    return (const char *) id + 1;
}

static text_t
s_id (gconstpointer key)
{
    if ((guintptr) key & 1)
        return *(const text_t *) (gconstpointer) ((const char *) key - 1);
    return rocket_id (key);
}

static guint
s_hash (gconstpointer key)
{
    uint64_t hash = channel_hash (s_id (key));
    return (guint) (hash ^ hash >> 32);
}

static gboolean
s_equal (gconstpointer a, gconstpointer b)
{
    return text_equal (s_id (a), s_id (b));
}

shard_t *
shard_new (owned_t owned, ordering_t ordering, text_pool_t *pool)
{
    shard_t *self = g_new0 (shard_t, 1);
    self->owned = owned;
    self->ordering = ordering;
    self->pool = pool;
    self->rockets = g_hash_table_new (s_hash, s_equal);
    return self;
}

void
shard_destroy (shard_t **self_p)
{
    shard_t *self = *self_p;
    if (!self)
        return;
    GHashTableIter iterator;
    gpointer key;
    g_hash_table_iter_init (&iterator, self->rockets);
    while (g_hash_table_iter_next (&iterator, &key, NULL)) {
        rocket_t *rocket = key;
        g_hash_table_iter_steal (&iterator);
        rocket_destroy (&rocket, self->pool);
    }
    g_hash_table_destroy (self->rockets);
    g_free (self);
    *self_p = NULL;
}

owned_t
shard_owned (const shard_t *self)
{
    return self->owned;
}

fold_t
shard_fold (shard_t *self, const message_t *message)
{
    rocket_t *rocket = g_hash_table_lookup (self->rockets, s_probe (&message->channel));
    if (!rocket) {
        rocket = rocket_new (message->channel);
        g_hash_table_add (self->rockets, rocket);
    }
    return rocket_fold (rocket, self->pool, message, self->ordering);
}

const rocket_t *
shard_find (const shard_t *self, text_t id)
{
    return g_hash_table_lookup (self->rockets, s_probe (&id));
}

size_t
shard_size (const shard_t *self)
{
    return g_hash_table_size (self->rockets);
}

void
shard_each (const shard_t *self, shard_rocket_fn *function, void *context)
{
    GHashTableIter iterator;
    gpointer key;
    g_hash_table_iter_init (&iterator, self->rockets);
    while (g_hash_table_iter_next (&iterator, &key, NULL))
        function (context, key);
}
