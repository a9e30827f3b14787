//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/leaders.h"

#include "query/protocol/list_copy.h"

#define TABLES_MAX 4
#define DRAFTS_MAX TABLES_MAX
#define WANTED_MAX 256          //  longest list that gets a table
#define DEPTH_MIN 256           //  fewest rockets within the bound of a new table
#define DEPTH_FACTOR 4          //  rockets within it for each rocket of the list
#define TABLE_MEMBERS_MAX 8192  //  a table that grows larger is removed
#define NOTES_MAX 1000000       //  so is a table without a query during so many changes

typedef struct {
    list_query_t list;    //  order and filters, a copy
    bool is_whole;        //  it has every rocket that passes the filters: there is no bound
    place_t bound;        //  a copy
    GHashTable *members;  //  of const rocket_t *
    uint64_t notes;       //  changes since the last query
} leaders_table_t;

struct leaders_draft {
    leaders_table_t *table;  //  still whole; its members are the rockets that changed
    selection_t best;        //  of table->list
    bool is_spoilt;          //  too many rockets changed: it will not become a table
};

struct leaders {
    GPtrArray *tables;  //  of leaders_table_t *, the last queried one at the end
    GPtrArray *drafts;  //  of leaders_draft_t *
};

static void
s_free_table (void *data)
{
    leaders_table_t *table = data;
    list_copy_clear (&table->list);
    place_copy_clear (&table->bound);
    g_hash_table_destroy (table->members);
    g_free (table);
}

static void
s_free_draft (void *data)
{
    leaders_draft_t *draft = data;
    selection_free (&draft->best);
    g_clear_pointer (&draft->table, s_free_table);
    g_free (draft);
}

leaders_t *
leaders_new (void)
{
    leaders_t *self = g_new0 (leaders_t, 1);
    self->tables = g_ptr_array_new_with_free_func (s_free_table);
    self->drafts = g_ptr_array_new_with_free_func (s_free_draft);
    return self;
}

void
leaders_destroy (leaders_t **self_p)
{
    leaders_t *self = *self_p;
    if (!self)
        return;
    g_ptr_array_unref (self->tables);
    g_ptr_array_unref (self->drafts);
    g_free (self);
    *self_p = NULL;
}

static bool
s_is_within (const leaders_table_t *table, const rocket_view_t *view)
{
    if (!selection_passes (&table->list, view))
        return false;
    place_t place = rocket_order_place (&table->list.order, view);
    return table->is_whole || rocket_order_compare (&table->list.order, &place, &table->bound) <= 0;
}

static void
s_add (leaders_table_t *table, const rocket_t *rocket)
{
    g_hash_table_add (table->members, (gpointer) (uintptr_t) rocket);
}

//  Note a rocket in a table. Return false if the table is not worth keeping any more.
static bool
s_note (leaders_table_t *table, const rocket_t *rocket, const rocket_view_t *view)
{
    table->notes++;
    if (s_is_within (table, view))
        s_add (table, rocket);
    return table->notes <= NOTES_MAX && g_hash_table_size (table->members) <= TABLE_MEMBERS_MAX;
}

void
leaders_note (leaders_t *self, const rocket_t *rocket)
{
    if (self->tables->len == 0 && self->drafts->len == 0)
        return;
    rocket_view_t view;
    rocket_view (rocket, &view);
    for (guint index = self->tables->len; index > 0; index--)
        if (!s_note (self->tables->pdata[index - 1], rocket, &view))
            g_ptr_array_remove_index (self->tables, index - 1);
    for (guint index = 0; index < self->drafts->len; index++) {
        leaders_draft_t *draft = self->drafts->pdata[index];
        draft->is_spoilt = draft->is_spoilt || !s_note (draft->table, rocket, &view);
        if (draft->is_spoilt)
            g_hash_table_remove_all (draft->table->members);
    }
}

void
leaders_drop (leaders_t *self, const rocket_t *rocket)
{
    for (guint index = 0; index < self->tables->len; index++)
        g_hash_table_remove (((leaders_table_t *) self->tables->pdata[index])->members, rocket);
    for (guint index = 0; index < self->drafts->len; index++)
        g_hash_table_remove (
            ((leaders_draft_t *) self->drafts->pdata[index])->table->members, rocket);
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

//  Find the table of a list. Return false if there is none.
static bool
s_find (const leaders_t *self, const list_query_t *list, guint *place)
{
    for (guint index = 0; index < self->tables->len; index++) {
        const leaders_table_t *table = self->tables->pdata[index];
        if (s_is_same_list (&table->list, list)) {
            *place = index;
            return true;
        }
    }
    return false;
}

bool
leaders_have (const leaders_t *self, const list_query_t *list)
{
    guint place;
    return s_find (self, list, &place);
}

//  Show the members of a table to a selection, and remove the members beyond its bound.
static void
s_show_members (const leaders_table_t *table, selection_t *selection)
{
    GHashTableIter iterator;
    gpointer rocket;
    g_hash_table_iter_init (&iterator, table->members);
    while (g_hash_table_iter_next (&iterator, &rocket, NULL)) {
        rocket_view_t view;
        rocket_view (rocket, &view);
        if (s_is_within (table, &view))
            selection_show (selection, rocket, &view);
        else
            g_hash_table_iter_remove (&iterator);
    }
    if (!table->is_whole)
        selection_cut (selection, &table->bound);
}

//  Show the members of a table if they are enough for an exact answer. Else show none and return
//  false.
static bool
s_show_table (const leaders_table_t *table, selection_t *selection)
{
    selection_t found;
    place_t end;
    selection_init (&found, selection->list, selection->capacity, NULL);
    s_show_members (table, &found);
    bool is_enough = table->is_whole || found.count == found.capacity;
    for (size_t index = 0; is_enough && index < found.count; index++) {
        rocket_view_t view;
        rocket_view (found.heap[index].rocket, &view);
        selection_show (selection, found.heap[index].rocket, &view);
    }
    if (is_enough && selection_end (&found, &end))
        selection_cut (selection, &end);
    selection_free (&found);
    return is_enough;
}

bool
leaders_show (leaders_t *self, selection_t *selection)
{
    guint place;
    if (!s_find (self, selection->list, &place))
        return false;
    leaders_table_t *table = g_ptr_array_steal_index (self->tables, place);
    g_ptr_array_add (self->tables, table);
    table->notes = 0;
    return s_show_table (table, selection);
}

leaders_draft_t *
leaders_begin (leaders_t *self, const selection_t *selection)
{
    if (selection->list->has_after || selection->capacity > WANTED_MAX ||
        self->drafts->len == DRAFTS_MAX)
        return NULL;
    leaders_draft_t *draft = g_new0 (leaders_draft_t, 1);
    draft->table = g_new0 (leaders_table_t, 1);
    list_copy (&draft->table->list, selection->list);
    draft->table->is_whole = true;
    draft->table->members = g_hash_table_new (NULL, NULL);
    size_t depth = MAX (DEPTH_MIN, DEPTH_FACTOR * selection->capacity);
    selection_init (&draft->best, &draft->table->list, depth, selection->pool);
    g_ptr_array_add (self->drafts, draft);
    return draft;
}

selection_t *
leaders_draft_selection (leaders_draft_t *draft)
{
    return &draft->best;
}

static void
s_keep (leaders_t *self, leaders_table_t *table)
{
    guint place = 0;
    if (s_find (self, &table->list, &place) || self->tables->len == TABLES_MAX)
        g_ptr_array_remove_index (self->tables, place);
    g_ptr_array_add (self->tables, table);
}

//  The rockets that changed since leaders_begin are members already, within the bound or not.
void
leaders_end (leaders_t *self, leaders_draft_t **draft_p, selection_t *selection)
{
    leaders_draft_t *draft = *draft_p;
    leaders_table_t *table = g_steal_pointer (&draft->table);
    place_t end;
    for (size_t index = 0; index < draft->best.count; index++)
        s_add (table, draft->best.heap[index].rocket);
    table->is_whole = !selection_end (&draft->best, &end);
    if (!table->is_whole)
        place_copy (&table->bound, &end);
    table->notes = 0;
    if (!s_show_table (table, selection))
        s_show_members (table, selection);
    if (draft->is_spoilt)
        s_free_table (table);
    else
        s_keep (self, table);
    leaders_abandon (self, draft_p);
}

void
leaders_abandon (leaders_t *self, leaders_draft_t **draft_p)
{
    g_ptr_array_remove_fast (self->drafts, *draft_p);
    *draft_p = NULL;
}
