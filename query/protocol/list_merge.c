//  SPDX-License-Identifier: Apache-2.0
#include "query/protocol/list_merge.h"
#include "query/protocol/reply.h"

void
list_merge_begin (list_merge_t *self, const list_query_t *list)
{
    *self =
        (list_merge_t){.list = list, .entries = g_array_new (FALSE, TRUE, sizeof (reply_entry_t))};
}

static const reply_entry_t *
s_last (const list_merge_t *self)
{
    return &g_array_index (self->entries, reply_entry_t, self->entries->len - 1);
}

bool
list_merge_add (list_merge_t *self, const reply_t *reply)
{
    guint before = self->entries->len;
    if (!reply_collect (&self->list->order, reply, self->entries) ||
        (reply->more && self->entries->len == before)) {
        g_array_set_size (self->entries, before);
        return false;
    }
    if (!reply->more)
        return true;
    const place_t *last = &s_last (self)->place;
    if (!self->has_end || rocket_order_compare (&self->list->order, last, &self->end) < 0)
        self->end = *last;
    self->more = self->has_end = true;
    return true;
}

static gint
s_compare (gconstpointer a, gconstpointer b, gpointer order)
{
    const reply_entry_t *one = a;
    const reply_entry_t *two = b;
    return rocket_order_compare (order, &one->place, &two->place);
}

void
list_merge_end (list_merge_t *self)
{
    rocket_order_t order = self->list->order;
    g_array_sort_with_data (self->entries, s_compare, &order);
    guint count = self->entries->len;
    while (self->has_end && count > 0 &&
           rocket_order_compare (&order,
               &g_array_index (self->entries, reply_entry_t, count - 1).place, &self->end) > 0)
        count--;
    count = MIN (count, self->list->limit);
    self->more = self->more || count < self->entries->len;
    g_array_set_size (self->entries, count);
}

void
list_merge_free (list_merge_t *self)
{
    g_clear_pointer (&self->entries, g_array_unref);
}
