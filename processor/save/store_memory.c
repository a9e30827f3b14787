//  A store that keeps nothing: each save succeeds at once, and the rockets are only in the shards.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>

#include "processor/save/store.h"

static take_t
s_take (store_t *self, uint32_t partition, uint64_t *epoch)
{
    (void) self;
    (void) partition;
    *epoch = 1;
    return TAKE_DONE;
}

static load_t
s_load (store_t *self, uint32_t partition, size_t budget, store_rocket_fn *rocket, void *context)
{
    (void) self;
    (void) partition;
    (void) budget;
    (void) rocket;
    (void) context;
    return LOAD_DONE;
}

static bool
s_position (store_t *self, uint32_t partition, position_t *position)
{
    (void) self;
    (void) partition;
    (void) position;
    return false;
}

static save_t
s_save (store_t *self, owned_t owned, rocket_view_t *const *rockets, size_t count,
    const position_t *position)
{
    (void) self;
    (void) owned;
    (void) rockets;
    (void) count;
    (void) position;
    return SAVE_DONE;
}

static bool
s_mark (store_t *self, const state_mark_t *mark)
{
    (void) self;
    (void) mark;
    return true;
}

static void
s_release (store_t *self, uint32_t partition)
{
    (void) self;
    (void) partition;
}

static store_health_t
s_health (store_t *self)
{
    (void) self;
    return (store_health_t){.kind = "memory", .saved_on = "memory"};
}

static void
s_destroy (store_t **self_p)
{
    g_free (*self_p);
    *self_p = NULL;
}

store_t *
store_memory_new (state_traits_t *traits)
{
    traits->id = state_id_new ();
    traits->is_new = true;
    store_t *self = g_new0 (store_t, 1);
    *self = (store_t){
        s_take, s_load, s_position, s_save, s_mark, s_release, s_health, s_destroy, false};
    return self;
}
