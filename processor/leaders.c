//  SPDX-License-Identifier: Apache-2.0
#include "processor/leaders.h"

#define TABLES_MAX 4
#define WANTED_MAX 256     //  of longer lists no table is kept
#define DEPTH_MIN 256      //  rockets within the bound of a new table, at least,
#define DEPTH_FACTOR 4     //  and so many times what is wanted
#define MEMBERS_MAX 8192   //  a table that has grown beyond this is forgotten
#define NOTES_MAX 1000000  //  so is one that nobody asked for during so many changes

typedef struct {
    list_query_t list;    //  its order and filters; the texts are copies
    bool is_whole;        //  every rocket that passes is in it: there is no bound
    place_t bound;        //  the texts are copies
    GHashTable *members;  //  of const rocket_t *
    uint64_t notes;       //  since it was asked for
} table_t;

struct leaders {
    GPtrArray *tables;  //  of table_t *, the one asked for last at the end
};

static text_t
s_copy (text_t text)
{
    return text.data ? text_of (g_memdup2 (text.data, text.size + !text.size), text.size) : text;
}

static void
s_free_text (text_t text)
{
    g_free ((char *) (uintptr_t) text.data);
}

static void
s_free_table (void *data)
{
    table_t *table = data;
    s_free_text (table->list.status);
    s_free_text (table->list.type);
    s_free_text (table->list.mission);
    s_free_text (table->bound.value.text);
    s_free_text (table->bound.id);
    g_hash_table_destroy (table->members);
    g_free (table);
}

leaders_t *
leaders_new (void)
{
    leaders_t *self = g_new0 (leaders_t, 1);
    self->tables = g_ptr_array_new_with_free_func (s_free_table);
    return self;
}

void
leaders_destroy (leaders_t **self_p)
{
    leaders_t *self = *self_p;
    if (!self)
        return;
    g_ptr_array_unref (self->tables);
    g_free (self);
    *self_p = NULL;
}

static bool
s_is_within (const table_t *table, const rocket_view_t *view)
{
    if (!selection_passes (&table->list, view))
        return false;
    place_t place = rocket_order_place (&table->list.order, view);
    return table->is_whole || rocket_order_compare (&table->list.order, &place, &table->bound) <= 0;
}

void
leaders_note (leaders_t *self, const rocket_t *rocket)
{
    if (self->tables->len == 0)
        return;
    rocket_view_t view;
    rocket_view (rocket, &view);
    for (guint index = self->tables->len; index > 0; index--) {
        table_t *table = self->tables->pdata[index - 1];
        table->notes++;
        if (s_is_within (table, &view))
            g_hash_table_add (table->members, (gpointer) (uintptr_t) rocket);
        if (table->notes > NOTES_MAX || g_hash_table_size (table->members) > MEMBERS_MAX)
            g_ptr_array_remove_index (self->tables, index - 1);
    }
}

static bool
s_is_same_text (text_t a, text_t b)
{
    return a.data && b.data ? text_equal (a, b) : a.data == b.data;
}

static bool
s_is_same_list (const list_query_t *a, const list_query_t *b)
{
    return a->order.key == b->order.key && a->order.descending == b->order.descending &&
           s_is_same_text (a->status, b->status) && s_is_same_text (a->type, b->type) &&
           s_is_same_text (a->mission, b->mission);
}

//  The table of a list, moved to the end; NULL if there is none.
static table_t *
s_find (leaders_t *self, const list_query_t *list)
{
    for (guint index = 0; index < self->tables->len; index++) {
        table_t *table = self->tables->pdata[index];
        if (!s_is_same_list (&table->list, list))
            continue;
        table = g_ptr_array_steal_index (self->tables, index);
        g_ptr_array_add (self->tables, table);
        table->notes = 0;
        return table;
    }
    return NULL;
}

//  Show what the table has, if that is enough to be sure. Else nothing is shown, and false.
static bool
s_show_table (const table_t *table, selection_t *selection)
{
    selection_t found;
    selection_init (&found, selection->list, selection->capacity);
    GHashTableIter iterator;
    gpointer rocket;
    g_hash_table_iter_init (&iterator, table->members);
    while (g_hash_table_iter_next (&iterator, &rocket, NULL)) {
        rocket_view_t view;
        rocket_view (rocket, &view);
        if (s_is_within (table, &view))
            selection_show (&found, rocket);
        else
            g_hash_table_iter_remove (&iterator);
    }
    bool is_enough = table->is_whole || found.count == found.capacity;
    for (size_t index = 0; is_enough && index < found.count; index++)
        selection_show (selection, found.heap[index].rocket);
    selection_free (&found);
    return is_enough;
}

//  Make a table of the best, by looking at all rockets.
static table_t *
s_make (leaders_t *self, const selection_t *wanted, leaders_scan_fn *scan, const void *shard)
{
    table_t *table = g_new0 (table_t, 1);
    const list_query_t *list = wanted->list;
    table->list.order = list->order;
    table->list.status = s_copy (list->status);
    table->list.type = s_copy (list->type);
    table->list.mission = s_copy (list->mission);
    table->members = g_hash_table_new (NULL, NULL);
    selection_t best;
    selection_init (&best, &table->list, MAX (DEPTH_MIN, DEPTH_FACTOR * wanted->capacity));
    scan (shard, &best);
    for (size_t index = 0; index < best.count; index++)
        g_hash_table_add (table->members, (gpointer) (uintptr_t) best.heap[index].rocket);
    table->is_whole = best.count < best.capacity;
    if (!table->is_whole) {
        table->bound = best.heap[0].place;
        table->bound.value.text = s_copy (table->bound.value.text);
        table->bound.id = s_copy (table->bound.id);
    }
    selection_free (&best);
    if (self->tables->len == TABLES_MAX)
        g_ptr_array_remove_index (self->tables, 0);
    g_ptr_array_add (self->tables, table);
    return table;
}

void
leaders_select (leaders_t *self, selection_t *selection, leaders_scan_fn *scan, const void *shard)
{
    table_t *table = s_find (self, selection->list);
    if (table && s_show_table (table, selection))
        return;
    if (selection->list->has_after || selection->capacity > WANTED_MAX) {
        scan (shard, selection);
        return;
    }
    if (table)
        g_ptr_array_remove (self->tables, table);
    (void) s_show_table (s_make (self, selection, scan, shard), selection);
}
