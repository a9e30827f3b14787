//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/shard.h"

#include "processor/shard/rocket_columns.h"
#include "processor/shard/rocket_table.h"
#include "processor/shard/saved_tails.h"

//  A position that may be missing.
typedef struct {
    bool is_set;
    position_t position;
} progress_t;

//  Changed rockets that are saved piece by piece. A rocket that waits for its piece keeps the mark
//  ROCKET_CHANGED, so it is in no other list.
typedef struct {
    GPtrArray *rockets;   //  of rocket_t *, each once
    guint saved;          //  number of saved rockets
    guint taken;          //  number of rockets that are saved or in the current save
    acks_t *acks;         //  of the frames that are saved when the whole burst is
    uint64_t folded;      //  messages folded before it began
    progress_t progress;  //  everything before it was folded before the burst began
    bool is_begun;        //  its last piece is not saved yet
} burst_t;

struct shard {
    owned_t owned;
    ordering_t ordering;
    text_pool_t *pool;  //  of its rockets, so that a thread can fill a shard
    rocket_table_t *rockets;
    size_t statuses[ROCKET_STATUSES];  //  rockets by status
    GPtrArray *changed;  //  of rocket_t *, each once: the changed rockets that are not in the burst
    burst_t burst;
    GPtrArray *noted;      //  of rocket_t *, each once: saved, and not published yet
    GPtrArray *due;        //  of rocket_t *, each once: to publish now
    guint overdue;         //  number of rockets to publish at their next save
    GPtrArray *forgotten;  //  of rocket_t *, in no order
    guint next_forgotten;  //  to look at
    leaders_t *leaders;
    rocket_columns_t *columns;  //  NULL: no list has looked at all rockets yet
    bool has_rows;              //  every rocket has a row in them
    acks_t *acks;
    saved_tails_t *tails;
    bool is_leaving;
    uint64_t folded;      //  messages
    uint64_t saved;       //  messages
    progress_t progress;  //  everything before it is folded
    progress_t stored;    //  everything before it is saved
};

shard_t *
shard_new (owned_t owned, ordering_t ordering)
{
    shard_t *self = g_new0 (shard_t, 1);
    self->owned = owned;
    self->ordering = ordering;
    self->pool = text_pool_new ();
    self->rockets = rocket_table_new ();
    self->changed = g_ptr_array_new ();
    self->burst.rockets = g_ptr_array_new ();
    self->burst.acks = acks_new ();
    self->noted = g_ptr_array_new ();
    self->due = g_ptr_array_new ();
    self->forgotten = g_ptr_array_new ();
    self->leaders = leaders_new ();
    self->acks = acks_new ();
    self->tails = saved_tails_new ();
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
    g_ptr_array_unref (self->changed);
    g_ptr_array_unref (self->burst.rockets);
    acks_destroy (&self->burst.acks);
    g_ptr_array_unref (self->noted);
    g_ptr_array_unref (self->due);
    g_ptr_array_unref (self->forgotten);
    acks_destroy (&self->acks);
    saved_tails_destroy (&self->tails);
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

static bool
s_is_other (const progress_t *one, const progress_t *other)
{
    return one->is_set != other->is_set ||
           (one->is_set &&
               (one->position.offset != other->position.offset ||
                   memcmp (one->position.feed, other->position.feed, POSITION_FEED_SIZE) != 0));
}

void
shard_restore_position (shard_t *self, const position_t *position)
{
    self->stored = self->progress = (progress_t){true, *position};
}

void
shard_set_position (shard_t *self, const position_t *position)
{
    self->progress = (progress_t){true, *position};
}

bool
shard_position (const shard_t *self, position_t *position)
{
    *position = self->progress.position;
    return self->progress.is_set;
}

bool
shard_has_moved (const shard_t *self)
{
    return s_is_other (&self->progress, &self->stored);
}

static void
s_swap (GPtrArray **one, GPtrArray **other)
{
    GPtrArray *array = *one;
    *one = *other;
    *other = array;
}

static void
s_mark (shard_t *self, rocket_t *rocket)
{
    if (rocket_is_marked (rocket, ROCKET_CHANGED))
        return;
    rocket_set_mark (rocket, ROCKET_CHANGED, true);
    g_ptr_array_add (self->changed, rocket);
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
    self->folded++;
    if (rocket_is_forgotten (rocket))
        return FOLD_FORGOTTEN;
    rocket_status_t before = rocket_status (rocket);
    fold_t fold = rocket_fold (rocket, self->pool, message, self->ordering);
    self->statuses[before]--;
    self->statuses[rocket_status (rocket)]++;
    if (fold != FOLD_DUPLICATE && fold != FOLD_LATE) {
        s_mark (self, rocket);
        if (self->columns)
            rocket_columns_follow (self->columns, place, rocket, message->kind);
        leaders_note (self->leaders, rocket);
    }
    return fold;
}

uint64_t
shard_folded (const shard_t *self)
{
    return self->folded;
}

uint64_t
shard_saved (const shard_t *self)
{
    bool is_quiet = !self->burst.is_begun && !shard_is_changed (self);
    return is_quiet ? self->folded : self->saved;
}

uint64_t
shard_unsaved (const shard_t *self)
{
    return shard_folded (self) - shard_saved (self);
}

acks_t *
shard_acks (shard_t *self)
{
    return self->acks;
}

bool
shard_is_changed (const shard_t *self)
{
    return self->burst.rockets->len > 0 || self->changed->len > 0 || !acks_is_empty (self->acks);
}

static void
s_begin_burst (shard_t *self)
{
    s_swap (&self->changed, &self->burst.rockets);
    acks_t *acks = self->burst.acks;  //  empty, like the list
    self->burst.acks = self->acks;
    self->acks = acks;
    self->burst.folded = self->folded;
    self->burst.is_begun = true;
    self->burst.progress = self->progress;
}

GPtrArray *
shard_take_changes (shard_t *self, guint most)
{
    burst_t *burst = &self->burst;
    g_assert (burst->taken == burst->saved);
    if (burst->rockets->len == 0)
        s_begin_burst (self);
    burst->taken += MIN (most, burst->rockets->len - burst->saved);
    GPtrArray *changes = g_ptr_array_new_full (burst->taken - burst->saved, g_free);
    for (guint index = burst->saved; index < burst->taken; index++) {
        rocket_t *rocket = burst->rockets->pdata[index];
        rocket_view_t view;
        rocket_set_mark (rocket, ROCKET_CHANGED, false);
        rocket_set_mark (rocket, ROCKET_SAVING, true);
        rocket_view (rocket, &view);
        view.row = (uint32_t) rocket_table_place (self->rockets, rocket) + 1;
        g_ptr_array_add (changes, rocket_view_copy (&view));
    }
    return changes;
}

bool
shard_take_position (const shard_t *self, position_t *position)
{
    const burst_t *burst = &self->burst;
    *position = burst->progress.position;
    return burst->taken == burst->rockets->len && s_is_other (&burst->progress, &self->stored);
}

static void
s_unmark_saving (burst_t *burst)
{
    for (guint index = burst->saved; index < burst->taken; index++)
        rocket_set_mark (burst->rockets->pdata[index], ROCKET_SAVING, false);
}

static void
s_empty_burst (burst_t *burst)
{
    g_ptr_array_set_size (burst->rockets, 0);
    burst->saved = burst->taken = 0;
    burst->is_begun = false;
}

void
shard_end_save (shard_t *self, acks_t *acks)
{
    burst_t *burst = &self->burst;
    s_unmark_saving (burst);
    burst->saved = burst->taken;
    if (burst->saved < burst->rockets->len)
        return;
    s_empty_burst (burst);
    saved_tails_note (self->tails, burst->acks);
    acks_move_all (acks, burst->acks);
    self->saved = burst->folded;
    self->stored = burst->progress;
}

void
shard_repeat_acks (const shard_t *self, acks_t *acks)
{
    saved_tails_repeat (self->tails, acks);
}

void
shard_put_back (shard_t *self)
{
    burst_t *burst = &self->burst;
    s_unmark_saving (burst);
    for (guint index = burst->saved; index < burst->taken; index++)
        s_mark (self, burst->rockets->pdata[index]);
    for (guint index = burst->taken; index < burst->rockets->len; index++)
        g_ptr_array_add (self->changed, burst->rockets->pdata[index]);  //  it kept its mark
    s_empty_burst (burst);
    acks_move_all (self->acks, burst->acks);
}

bool
shard_pass_over_saved (shard_t *self, guint index)
{
    rocket_t *rocket = self->burst.rockets->pdata[self->burst.saved + index];
    if (!rocket_is_marked (rocket, ROCKET_OVERDUE))
        return false;
    rocket_set_mark (rocket, ROCKET_OVERDUE, false);
    self->overdue--;
    return true;
}

bool
shard_note_saved (shard_t *self, guint index)
{
    if (shard_pass_over_saved (self, index))
        return true;
    rocket_t *rocket = self->burst.rockets->pdata[self->burst.saved + index];
    if (!rocket_is_marked (rocket, ROCKET_UNTOLD)) {
        rocket_set_mark (rocket, ROCKET_UNTOLD, true);
        g_ptr_array_add (self->noted, rocket);
    }
    return false;
}

bool
shard_make_due (shard_t *self)
{
    if (self->due->len == 0)
        s_swap (&self->due, &self->noted);
    return self->due->len > 0;
}

static bool
s_is_unsaved (const rocket_t *rocket)
{
    return rocket_is_marked (rocket, ROCKET_CHANGED) || rocket_is_marked (rocket, ROCKET_SAVING);
}

bool
shard_next_due (shard_t *self, const rocket_t **rocket_p)
{
    if (self->due->len == 0)
        return false;
    rocket_t *rocket = g_ptr_array_remove_index_fast (self->due, self->due->len - 1);
    rocket_set_mark (rocket, ROCKET_UNTOLD, false);
    *rocket_p = rocket;
    if (s_is_unsaved (rocket)) {
        rocket_set_mark (rocket, ROCKET_OVERDUE, true);
        self->overdue++;
        *rocket_p = NULL;
    }
    return true;
}

guint
shard_overdue (const shard_t *self)
{
    return self->overdue;
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
    s_mark (self, rocket);
}

forget_t
shard_forget (shard_t *self, text_t id, int64_t now_us)
{
    rocket_t *rocket = rocket_table_find (self->rockets, id);
    if (!rocket)
        return FORGET_NO_ROCKET;
    if (rocket_is_forgotten (rocket))
        return s_is_unsaved (rocket) ? FORGET_UNSAVED : FORGET_SAVED;
    if (self->forgotten->len >= FORGOTTEN_MAX)
        return FORGET_NO_ROOM;
    s_forget (self, rocket, now_us);
    return FORGET_UNSAVED;
}

//  Return true if no list of this shard has the rocket.
static bool
s_is_unlisted (const rocket_t *rocket)
{
    return !s_is_unsaved (rocket) && !rocket_is_marked (rocket, ROCKET_UNTOLD) &&
           !rocket_is_marked (rocket, ROCKET_OVERDUE);
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
            s_mark (self, rocket);
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
