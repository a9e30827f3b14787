//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/changes.h"

#include <string.h>

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

struct changes {
    const rocket_table_t *table;
    GPtrArray *rockets;  //  of rocket_t *, each once: the changed rockets that are not in the burst
    acks_t *acks;
    burst_t burst;
    saved_tails_t *tails;
    uint64_t folded;      //  messages
    uint64_t saved;       //  messages
    progress_t progress;  //  everything before it is folded
    progress_t stored;    //  everything before it is saved
};

changes_t *
changes_new (const rocket_table_t *rockets)
{
    changes_t *self = g_new0 (changes_t, 1);
    self->table = rockets;
    self->rockets = g_ptr_array_new ();
    self->acks = acks_new ();
    self->burst.rockets = g_ptr_array_new ();
    self->burst.acks = acks_new ();
    self->tails = saved_tails_new ();
    return self;
}

void
changes_destroy (changes_t **self_p)
{
    changes_t *self = *self_p;
    if (!self)
        return;
    g_ptr_array_unref (self->rockets);
    acks_destroy (&self->acks);
    g_ptr_array_unref (self->burst.rockets);
    acks_destroy (&self->burst.acks);
    saved_tails_destroy (&self->tails);
    g_free (self);
    *self_p = NULL;
}

bool
changes_have (const rocket_t *rocket)
{
    return rocket_is_marked (rocket, ROCKET_CHANGED) || rocket_is_marked (rocket, ROCKET_SAVING);
}

void
changes_count (changes_t *self)
{
    self->folded++;
}

void
changes_note (changes_t *self, rocket_t *rocket)
{
    if (rocket_is_marked (rocket, ROCKET_CHANGED))
        return;
    rocket_set_mark (rocket, ROCKET_CHANGED, true);
    g_ptr_array_add (self->rockets, rocket);
}

uint64_t
changes_folded (const changes_t *self)
{
    return self->folded;
}

uint64_t
changes_saved (const changes_t *self)
{
    bool is_quiet = !self->burst.is_begun && changes_are_none (self);
    return is_quiet ? self->folded : self->saved;
}

uint64_t
changes_unsaved (const changes_t *self)
{
    return changes_folded (self) - changes_saved (self);
}

acks_t *
changes_acks (changes_t *self)
{
    return self->acks;
}

bool
changes_are_none (const changes_t *self)
{
    return self->burst.rockets->len == 0 && self->rockets->len == 0 && acks_is_empty (self->acks);
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
changes_restore_position (changes_t *self, const position_t *position)
{
    self->stored = self->progress = (progress_t){true, *position};
}

void
changes_set_position (changes_t *self, const position_t *position)
{
    self->progress = (progress_t){true, *position};
}

bool
changes_position (const changes_t *self, position_t *position)
{
    *position = self->progress.position;
    return self->progress.is_set;
}

bool
changes_have_moved (const changes_t *self)
{
    return s_is_other (&self->progress, &self->stored);
}

static void
s_begin_burst (changes_t *self)
{
    burst_t *burst = &self->burst;
    GPtrArray *rockets = burst->rockets;  //  empty, and so are its acks
    acks_t *acks = burst->acks;
    burst->rockets = self->rockets;
    burst->acks = self->acks;
    burst->folded = self->folded;
    burst->progress = self->progress;
    burst->is_begun = true;
    self->rockets = rockets;
    self->acks = acks;
}

GPtrArray *
changes_take (changes_t *self, guint most)
{
    burst_t *burst = &self->burst;
    g_assert (burst->taken == burst->saved);
    if (burst->rockets->len == 0)
        s_begin_burst (self);
    burst->taken += MIN (most, burst->rockets->len - burst->saved);
    GPtrArray *copies = g_ptr_array_new_full (burst->taken - burst->saved, g_free);
    for (guint index = burst->saved; index < burst->taken; index++) {
        rocket_t *rocket = burst->rockets->pdata[index];
        rocket_view_t view;
        rocket_set_mark (rocket, ROCKET_CHANGED, false);
        rocket_set_mark (rocket, ROCKET_SAVING, true);
        rocket_view (rocket, &view);
        view.row = (uint32_t) rocket_table_place (self->table, rocket) + 1;
        g_ptr_array_add (copies, rocket_view_copy (&view));
    }
    return copies;
}

bool
changes_take_position (const changes_t *self, position_t *position)
{
    const burst_t *burst = &self->burst;
    *position = burst->progress.position;
    return burst->taken == burst->rockets->len && s_is_other (&burst->progress, &self->stored);
}

rocket_t *
changes_taken (const changes_t *self, guint index)
{
    g_assert (index < self->burst.taken - self->burst.saved);
    return self->burst.rockets->pdata[self->burst.saved + index];
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
changes_end_save (changes_t *self, acks_t *acks)
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
changes_put_back (changes_t *self)
{
    burst_t *burst = &self->burst;
    s_unmark_saving (burst);
    for (guint index = burst->saved; index < burst->taken; index++)
        changes_note (self, burst->rockets->pdata[index]);
    for (guint index = burst->taken; index < burst->rockets->len; index++)
        g_ptr_array_add (self->rockets, burst->rockets->pdata[index]);  //  it kept its mark
    s_empty_burst (burst);
    acks_move_all (self->acks, burst->acks);
}

void
changes_repeat_acks (const changes_t *self, acks_t *acks)
{
    saved_tails_repeat (self->tails, acks);
}
