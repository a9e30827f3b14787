//  The table has the clients with unread bytes. The other clients are removed whenever the table
//  has doubled. libzmq may free a reply after the table is gone, so counts have reference counts.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/answer/unread_replies.h"

#include <stdatomic.h>

#define SWEEP_MIN 64

typedef struct count {
    atomic_uint references;
    atomic_size_t bytes;
    struct count *all;  //  the count of all clients; NULL: this is it
} count_t;

struct unread_reply {
    atomic_bool is_given;  //  orders the use by the owner before the release by libzmq
    count_t *client;
    GBytes *owner;  //  of the bytes; NULL: they are the copy
    size_t size;
    char copy[];
};

struct unread_replies {
    count_t *all;
    GHashTable *clients;  //  the number -> count_t
    guint sweep_at;
};

static count_t *
s_new_count (count_t *all)
{
    count_t *count = g_new0 (count_t, 1);
    atomic_store (&count->references, 1);
    if (all)
        atomic_fetch_add (&all->references, 1);
    count->all = all;
    return count;
}

static void
s_release_count (void *data)
{
    count_t *count = data;
    while (count && atomic_fetch_sub (&count->references, 1) == 1) {
        count_t *all = count->all;
        g_free (count);
        count = all;
    }
}

unread_replies_t *
unread_replies_new (void)
{
    unread_replies_t *self = g_new0 (unread_replies_t, 1);
    self->all = s_new_count (NULL);
    self->clients = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, s_release_count);
    self->sweep_at = SWEEP_MIN;
    return self;
}

void
unread_replies_destroy (unread_replies_t **self_p)
{
    unread_replies_t *self = *self_p;
    if (!self)
        return;
    g_hash_table_destroy (self->clients);
    s_release_count (self->all);
    g_free (self);
    *self_p = NULL;
}

static gboolean
s_has_nothing (gpointer key, gpointer value, gpointer data)
{
    (void) key;
    (void) data;
    return atomic_load (&((count_t *) value)->bytes) == 0;
}

static count_t *
s_client (unread_replies_t *self, uint64_t number)
{
    count_t *client = g_hash_table_lookup (self->clients, &number);
    if (client)
        return client;
    if (g_hash_table_size (self->clients) >= self->sweep_at) {
        g_hash_table_foreach_remove (self->clients, s_has_nothing, NULL);
        self->sweep_at = MAX (SWEEP_MIN, 2 * g_hash_table_size (self->clients));
    }
    client = s_new_count (self->all);
    g_hash_table_insert (self->clients, g_memdup2 (&number, sizeof number), client);
    return client;
}

static bool
s_has_room (const unread_replies_t *self, const count_t *client, size_t size)
{
    size_t all = atomic_load (&self->all->bytes);
    size_t left = all < UNREAD_ALL_MAX_BYTES ? UNREAD_ALL_MAX_BYTES - all : 0;
    size_t most = MAX (UNREAD_CLIENT_MIN_BYTES, MIN (UNREAD_CLIENT_MAX_BYTES, left));
    return atomic_load (&client->bytes) + size <= most;
}

unread_reply_t *
unread_replies_add (unread_replies_t *self, uint64_t client, text_t reply, GBytes *owner)
{
    count_t *count = s_client (self, client);
    if (!s_has_room (self, count, reply.size))
        return NULL;
    unread_reply_t *unread = g_malloc (sizeof *unread + (owner ? 0 : reply.size));
    *unread = (unread_reply_t){.client = count, .size = reply.size};
    if (owner)
        unread->owner = g_bytes_ref (owner);
    else
        memcpy (unread->copy, reply.data, reply.size);
    atomic_fetch_add (&count->references, 1);
    atomic_fetch_add (&count->bytes, reply.size);
    atomic_fetch_add (&self->all->bytes, reply.size);
    return unread;
}

text_t
unread_replies_give (unread_reply_t *reply)
{
    const char *owned = reply->owner ? g_bytes_get_data (reply->owner, NULL) : NULL;
    text_t bytes = text_of (owned ? owned : reply->copy, reply->size);
    atomic_store_explicit (&reply->is_given, true, memory_order_release);
    return bytes;
}

void
unread_replies_release (void *bytes, void *reply)
{
    (void) bytes;
    unread_reply_t *unread = reply;
    (void) !atomic_load_explicit (&unread->is_given, memory_order_acquire);
    atomic_fetch_sub (&unread->client->all->bytes, unread->size);
    atomic_fetch_sub (&unread->client->bytes, unread->size);
    s_release_count (unread->client);
    if (unread->owner)
        g_bytes_unref (unread->owner);
    g_free (unread);
}
