//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/fair_queue.h"

#include <glib.h>
#include <stdbool.h>

//  A client that has items in the queue.
typedef struct {
    uint64_t number;
    GQueue items;  //  of entry_t *, the oldest first
    GList link;    //  in clients
} client_t;

typedef struct {
    void *item;
    client_t *client;
    GList link;  //  in client->items
} entry_t;

struct fair_queue {
    GQueue clients;         //  of client_t *; the next item is the oldest of the first client
    GHashTable *by_number;  //  client_t *; without those of number 0
    GHashTable *entries;    //  entry_t * by item, which the table owns
};

fair_queue_t *
fair_queue_new (void)
{
    fair_queue_t *self = g_new0 (fair_queue_t, 1);
    self->by_number = g_hash_table_new (g_int64_hash, g_int64_equal);
    self->entries = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, g_free);
    return self;
}

static void
s_forget (fair_queue_t *self, client_t *client)
{
    g_queue_unlink (&self->clients, &client->link);
    if (client->number)
        g_hash_table_remove (self->by_number, &client->number);
    g_free (client);
}

void
fair_queue_destroy (fair_queue_t **self_p)
{
    fair_queue_t *self = *self_p;
    if (!self)
        return;
    while (self->clients.head)
        s_forget (self, self->clients.head->data);
    g_hash_table_destroy (self->entries);
    g_hash_table_destroy (self->by_number);
    g_free (self);
    *self_p = NULL;
}

//  Return the client with this number; a new one comes last.
static client_t *
s_client (fair_queue_t *self, uint64_t number)
{
    client_t *client = number ? g_hash_table_lookup (self->by_number, &number) : NULL;
    if (client)
        return client;
    client = g_new0 (client_t, 1);
    client->number = number;
    client->link.data = client;
    if (number)
        g_hash_table_insert (self->by_number, &client->number, client);
    g_queue_push_tail_link (&self->clients, &client->link);
    return client;
}

void
fair_queue_push (fair_queue_t *self, void *item, uint64_t client)
{
    g_assert (!g_hash_table_contains (self->entries, item));
    entry_t *entry = g_new0 (entry_t, 1);
    entry->item = item;
    entry->client = s_client (self, client);
    entry->link.data = entry;
    g_queue_push_tail_link (&entry->client->items, &entry->link);
    g_hash_table_insert (self->entries, item, entry);
}

void *
fair_queue_first (const fair_queue_t *self)
{
    const client_t *client = g_queue_peek_head ((GQueue *) &self->clients);
    const entry_t *entry = client ? g_queue_peek_head ((GQueue *) &client->items) : NULL;
    return entry ? entry->item : NULL;
}

void
fair_queue_remove (fair_queue_t *self, void *item)
{
    entry_t *entry = g_hash_table_lookup (self->entries, item);
    if (!entry)
        return;
    client_t *client = entry->client;
    bool is_first = fair_queue_first (self) == item;
    g_queue_unlink (&client->items, &entry->link);
    g_hash_table_remove (self->entries, item);
    if (client->items.length == 0)
        s_forget (self, client);
    else if (is_first) {
        g_queue_unlink (&self->clients, &client->link);
        g_queue_push_tail_link (&self->clients, &client->link);
    }
}

size_t
fair_queue_length (const fair_queue_t *self)
{
    return g_hash_table_size (self->entries);
}
