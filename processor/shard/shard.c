//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/shard.h"

#include "processor/shard/rocket_columns.h"
#include "processor/shard/rocket_table.h"

struct shard {
    owned_t owned;
    ordering_t ordering;
    text_pool_t *pool;  //  of its rockets, so that a thread can fill a shard
    rocket_table_t *rockets;
    size_t statuses[ROCKET_STATUSES];  //  rockets by status
    changes_t *changes;
    untold_t *untold;
    GPtrArray *forgotten;  //  of rocket_t *, in no order
    guint next_forgotten;  //  to look at
    leaders_t *leaders;
    rocket_columns_t *columns;  //  NULL: no list has looked at all rockets yet
    bool has_rows;              //  every rocket has a row in them
    bool is_leaving;
};

shard_t *
shard_new (owned_t owned, ordering_t ordering)
{
    shard_t *self = g_new0 (shard_t, 1);
    self->owned = owned;
    self->ordering = ordering;
    self->pool = text_pool_new ();
    self->rockets = rocket_table_new ();
    self->changes = changes_new (self->rockets);
    self->untold = untold_new ();
    self->forgotten = g_ptr_array_new ();
    self->leaders = leaders_new ();
    return self;
}

static void
s_free_rockets (shard_t *self)
{
    rocket_table_destroy (&self->rockets, self->pool);
    text_pool_destroy (&self->pool);
}

//  Free everything but the rockets.
static void
s_free (shard_t *self)
{
    leaders_destroy (&self->leaders);
    rocket_columns_destroy (&self->columns);
    changes_destroy (&self->changes);
    untold_destroy (&self->untold);
    g_ptr_array_unref (self->forgotten);
    g_free (self);
}

void
shard_destroy (shard_t **self_p)
{
    if (!*self_p)
        return;
    s_free_rockets (*self_p);
    s_free (*self_p);
    *self_p = NULL;
}

void
shard_abandon (shard_t **self_p)
{
#ifdef DOWNLINK_SANITIZED
    shard_destroy (self_p);
#else
    if (*self_p)
        s_free (*self_p);
    *self_p = NULL;
#endif
}

void
shard_leave (shard_t *self)
{
    self->is_leaving = true;
}

bool
shard_is_leaving (const shard_t *self)
{
    return self->is_leaving;
}

owned_t
shard_owned (const shard_t *self)
{
    return self->owned;
}

bool
shard_restore (shard_t *self, const rocket_view_t *view)
{
    rocket_t *rocket =
        rocket_table_find (self->rockets, view->id) ? NULL : rocket_restore (view, self->pool);
    if (!rocket)
        return false;
    if (view->row == 0)
        rocket_table_add (self->rockets, rocket);
    else if (!rocket_table_add_at (self->rockets, rocket, view->row - 1)) {
        rocket_destroy (&rocket, self->pool);
        return false;
    }
    if (rocket_is_forgotten (rocket))
        g_ptr_array_add (self->forgotten, rocket);
    else
        self->statuses[rocket_status (rocket)]++;
    return true;
}

//  Set the row of a place from its rocket, if there are rows; NULL: the place is empty.
static void
s_set_row (shard_t *self, size_t place, const rocket_t *rocket)
{
    if (self->columns)
        rocket_columns_set (self->columns, place, rocket);
}

fold_t
shard_fold (shard_t *self, const message_t *message)
{
    size_t place;
    rocket_t *rocket = rocket_table_find_place (self->rockets, message->channel, &place);
    if (!rocket) {
        rocket = rocket_new (message->channel);
        place = rocket_table_add (self->rockets, rocket);
        s_set_row (self, place, rocket);
        self->statuses[rocket_status (rocket)]++;
    }
    changes_count (self->changes);
    if (rocket_is_forgotten (rocket))
        return FOLD_FORGOTTEN;
    rocket_status_t before = rocket_status (rocket);
    fold_t fold = rocket_fold (rocket, self->pool, message, self->ordering);
    self->statuses[before]--;
    self->statuses[rocket_status (rocket)]++;
    if (fold != FOLD_DUPLICATE && fold != FOLD_LATE) {
        changes_note (self->changes, rocket);
        if (self->columns)
            rocket_columns_follow (self->columns, place, rocket, message->kind);
        leaders_note (self->leaders, rocket);
    }
    return fold;
}

changes_t *
shard_changes (const shard_t *self)
{
    return self->changes;
}

untold_t *
shard_untold (const shard_t *self)
{
    return self->untold;
}

const rocket_t *
shard_find (const shard_t *self, text_t id)
{
    return rocket_table_find (self->rockets, id);
}

size_t
shard_size (const shard_t *self)
{
    size_t size = 0;
    for (size_t status = 0; status < ROCKET_STATUSES; status++)
        size += self->statuses[status];
    return size;
}

size_t
shard_places (const shard_t *self)
{
    return rocket_table_size (self->rockets);
}

const size_t *
shard_statuses (const shard_t *self)
{
    return self->statuses;
}

const rocket_t *
shard_at (const shard_t *self, size_t place)
{
    return rocket_table_at (self->rockets, place);
}

bool
shard_has_rows (const shard_t *self)
{
    return self->has_rows;
}

void
shard_make_rows (shard_t *self, size_t first, size_t end)
{
    if (!self->columns)
        self->columns = rocket_columns_new (rocket_table_size (self->rockets));
    for (size_t place = first; place < end; place++)
        rocket_columns_set (self->columns, place, rocket_table_at (self->rockets, place));
}

void
shard_end_rows (shard_t *self)
{
    shard_make_rows (self, 0, 0);  //  an empty shard has none yet
    self->has_rows = true;
}

bool
shard_show (shard_t *self, selection_t *selection, size_t first, size_t end)
{
    return rocket_columns_show (self->columns, self->pool, self->rockets, selection, first, end);
}

leaders_t *
shard_leaders (const shard_t *self)
{
    return self->leaders;
}

static void
s_forget (shard_t *self, rocket_t *rocket, int64_t now_us)
{
    self->statuses[rocket_status (rocket)]--;
    rocket_forget (rocket, self->pool, now_us);
    s_set_row (self, rocket_table_place (self->rockets, rocket), rocket);
    leaders_drop (self->leaders, rocket);
    g_ptr_array_add (self->forgotten, rocket);
    changes_note (self->changes, rocket);
}

forget_t
shard_forget (shard_t *self, text_t id, int64_t now_us)
{
    rocket_t *rocket = rocket_table_find (self->rockets, id);
    if (!rocket)
        return FORGET_NO_ROCKET;
    if (rocket_is_forgotten (rocket))
        return changes_have (rocket) ? FORGET_UNSAVED : FORGET_SAVED;
    if (self->forgotten->len >= FORGOTTEN_MAX)
        return FORGET_NO_ROOM;
    s_forget (self, rocket, now_us);
    return FORGET_UNSAVED;
}

//  Return true if no list of this shard has the rocket.
static bool
s_is_unlisted (const rocket_t *rocket)
{
    return !changes_have (rocket) && !untold_have (rocket);
}

void
shard_end_forgotten (shard_t *self, int64_t before_us, guint most)
{
    for (most = MIN (most, self->forgotten->len); most > 0 && self->forgotten->len > 0; most--) {
        if (self->next_forgotten >= self->forgotten->len)
            self->next_forgotten = 0;
        rocket_t *rocket = self->forgotten->pdata[self->next_forgotten];
        if (rocket_is_marked (rocket, ROCKET_ENDED) && s_is_unlisted (rocket)) {
            g_ptr_array_remove_index_fast (self->forgotten, self->next_forgotten);
            s_set_row (self, rocket_table_place (self->rockets, rocket), NULL);
            rocket_table_remove (self->rockets, rocket, self->pool);
            continue;
        }
        if (!rocket_is_marked (rocket, ROCKET_ENDED) && rocket_forgotten_us (rocket) < before_us) {
            rocket_set_mark (rocket, ROCKET_ENDED, true);
            changes_note (self->changes, rocket);
        }
        self->next_forgotten++;
    }
}

guint
shard_forgotten (const shard_t *self)
{
    return self->forgotten->len;
}

guint
shard_sweep (shard_t *self, size_t *place, size_t most, int64_t now_us)
{
    size_t size = rocket_table_size (self->rockets);
    size_t end = MIN (size, *place + most);
    guint forgotten = 0;
    for (size_t at = *place; at < end; at++) {
        rocket_t *rocket = rocket_table_at (self->rockets, at);
        if (!rocket || rocket_status (rocket) != ROCKET_EXPLODED)
            continue;
        if (!rocket_is_marked (rocket, ROCKET_QUIET))
            rocket_set_mark (rocket, ROCKET_QUIET, true);
        else if (self->forgotten->len < FORGOTTEN_MAX) {
            s_forget (self, rocket, now_us);
            forgotten++;
        }
    }
    *place = end < size ? end : 0;
    return forgotten;
}
