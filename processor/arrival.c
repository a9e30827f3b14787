//  SPDX-License-Identifier: Apache-2.0
#include "processor/arrival.h"

#include <stdatomic.h>

#include "common/domain/partition.h"
#include "common/process/background.h"

#define ROCKETS_PER_STEP 2000  //  before queries get their turn: some milliseconds

struct arrival {
    store_t *store;
    layout_t layout;
    ordering_t ordering;
    owned_t owned;
    shard_t *shard;            //  NULL: not taken yet
    background_t *background;  //  NULL: the store never waits
    arrival_step_t outcome;    //  of the thread's work
    atomic_bool is_taken;      //  the thread sets this and the next one
    atomic_size_t rockets;
    atomic_bool is_cancelled;
};

static bool
s_restore (void *context, const rocket_view_t *rocket)
{
    const arrival_t *self = context;
    return partition_of (rocket->id, self->layout) == self->owned.partition &&
           shard_restore (self->shard, rocket);
}

static arrival_step_t
s_take (arrival_t *self)
{
    switch (self->store->take (self->store, self->owned.partition, &self->owned.epoch)) {
    case TAKE_DONE:
        self->shard = shard_new (self->owned, self->ordering);
        atomic_store (&self->is_taken, true);
        return ARRIVAL_COMING;
    case TAKE_LATER:
        return ARRIVAL_LATER;
    case TAKE_FAILED:
        return ARRIVAL_FAILED;
    case TAKE_MOVED:
        return ARRIVAL_MOVED;
    }
    return ARRIVAL_FAILED;
}

static arrival_step_t
s_end_load (arrival_t *self)
{
    position_t position;
    if (self->store->position (self->store, self->owned.partition, &position))
        changes_restore_position (shard_changes (self->shard), &position);
    return ARRIVAL_DONE;
}

static arrival_step_t
s_load (arrival_t *self)
{
    load_t loaded =
        self->store->load (self->store, self->owned.partition, ROCKETS_PER_STEP, s_restore, self);
    atomic_store (&self->rockets, shard_places (self->shard));
    switch (loaded) {
    case LOAD_MORE:
        return ARRIVAL_COMING;
    case LOAD_LATER:
        return ARRIVAL_LATER;
    case LOAD_DONE:
        return s_end_load (self);
    case LOAD_FAILED:
        return ARRIVAL_FAILED;
    }
    return ARRIVAL_FAILED;
}

static arrival_step_t
s_step (arrival_t *self)
{
    if (atomic_load (&self->is_cancelled))
        return ARRIVAL_CANCELLED;
    return self->shard ? s_load (self) : s_take (self);
}

//  Take and load the partition, on the thread of the arrival. Its store waits, so it never returns
//  LATER.
static void
s_run_all (void *context, void *job)
{
    arrival_t *self = context;
    (void) job;
    do
        self->outcome = s_step (self);
    while (self->outcome == ARRIVAL_COMING);
}

arrival_t *
arrival_new (store_t *store, uint32_t partition, layout_t layout, ordering_t ordering)
{
    arrival_t *self = g_new0 (arrival_t, 1);
    self->store = store;
    self->layout = layout;
    self->ordering = ordering;
    self->owned.partition = partition;
    if (store->waits) {
        self->background = background_new ("arrival", s_run_all, self);
        if (self->background)
            background_submit (self->background, self);
        else
            g_clear_pointer (&self, g_free);
    }
    return self;
}

void
arrival_destroy (arrival_t **self_p)
{
    arrival_t *self = *self_p;
    if (!self)
        return;
    arrival_cancel (self);
    background_destroy (&self->background);
    shard_destroy (&self->shard);
    g_free (self);
    *self_p = NULL;
}

arrival_step_t
arrival_run (arrival_t *self)
{
    if (!self->background)
        return s_step (self);
    return background_fetch (self->background) ? self->outcome : ARRIVAL_LATER;
}

bool
arrival_is_taken (arrival_t *self)
{
    return atomic_load (&self->is_taken);
}

size_t
arrival_rockets (arrival_t *self)
{
    return atomic_load (&self->rockets);
}

void
arrival_cancel (arrival_t *self)
{
    atomic_store (&self->is_cancelled, true);
}

shard_t *
arrival_shard (arrival_t *self)
{
    return g_steal_pointer (&self->shard);
}
