//  SPDX-License-Identifier: Apache-2.0
#include "processor/keeper.h"

#include "common/process/clock.h"
#include "common/process/log.h"
#include "common/process/watchdog.h"

#define LOOK_INTERVAL_MS 100   //  how long a death may go unseen
#define HURRY_INTERVAL_MS 10   //  while a partition changes hands
#define DAMAGE_RETRY_MS 10000  //  of one that could not be read
#define ROCKETS_PER_RUN 2000   //  loaded before questions get their turn: some milliseconds
#define PROGRESS_INTERVAL_MS 1000

struct keeper {
    shards_t *shards;
    text_pool_t *pool;
    ordering_t ordering;
    store_t *store;
    ownership_t *ownership;
    bool is_held[PARTITIONS_MAX];
    int64_t retry_at_ms[PARTITIONS_MAX];
    shard_t *loading;  //  the shard that is being filled; NULL: none
    int64_t look_at_ms;
    int64_t progress_logged_ms;
    bool is_ready;
    bool is_gone;
};

keeper_t *
keeper_new (shards_t *shards, text_pool_t *pool, ordering_t ordering, store_t **store,
    ownership_t **ownership)
{
    keeper_t *self = g_new0 (keeper_t, 1);
    self->shards = shards;
    self->pool = pool;
    self->ordering = ordering;
    self->store = g_steal_pointer (store);
    self->ownership = g_steal_pointer (ownership);
    self->progress_logged_ms = clock_ms ();
    return self;
}

void
keeper_destroy (keeper_t **self_p)
{
    keeper_t *self = *self_p;
    if (!self)
        return;
    shard_destroy (&self->loading);
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        shard_destroy (&self->shards->shards[partition]);
    self->store->destroy (&self->store);
    self->ownership->destroy (&self->ownership);
    g_free (self);
    *self_p = NULL;
}

//  Its shard is gone. The file is closed before the lock is dropped.
static void
s_let_go (keeper_t *self, uint32_t partition)
{
    self->store->release (self->store, partition);
    self->ownership->let_go (self->ownership, partition);
    self->is_held[partition] = false;
}

static void
s_stop_loading (keeper_t *self)
{
    uint32_t partition = shard_owned (self->loading).partition;
    shard_destroy (&self->loading);
    s_let_go (self, partition);
}

//  A partition that cannot be read stops a start, so that somebody looks at it. Later it stays without
//  an owner, and the others go on.
static keeper_result_t
s_give_up (keeper_t *self, uint32_t partition)
{
    s_let_go (self, partition);
    self->retry_at_ms[partition] = clock_ms () + DAMAGE_RETRY_MS;
    return self->is_ready ? KEEPER_SAME : KEEPER_FAILED;
}

static void
s_log_progress (const keeper_t *self, uint32_t partition, const char *what)
{
    log_event (LOG_INFO, what, "rockets=%zu partition=%u of=%u ms=%lld",
        shards_rockets (self->shards), partition, self->shards->partitions,
        (long long) (clock_ms () - self->shards->started_ms));
}

//  A partition that is owned or leaving, and what it is to be now. True if what is owned changed.
static bool
s_turn_over (keeper_t *self, uint32_t partition, const shard_saver_t *saver)
{
    shard_t *shard = self->shards->shards[partition];
    if (!shard_is_leaving (shard) && !self->ownership->is_ours (self->ownership, partition)) {
        shard_leave (shard);
        return true;
    }
    if (shard_is_leaving (shard) && shard_saver_is_through (saver, partition)) {
        shard_destroy (&self->shards->shards[partition]);
        s_let_go (self, partition);
    }
    return false;
}

//  Begin to load one that is to be ours. Returns what came of the attempt.
static keeper_result_t
s_begin_loading (keeper_t *self, uint32_t partition)
{
    if (!self->ownership->hold (self->ownership, partition))
        return KEEPER_SAME;
    self->is_held[partition] = true;
    watchdog_rest ();  //  a file is checked as a whole, however large it is
    owned_t owned = {.partition = partition};
    if (!self->store->take (self->store, partition, &owned.epoch))
        return s_give_up (self, partition);
    self->loading = shard_new (owned, self->ordering, self->pool);
    return KEEPER_SAME;
}

//  See to every partition. Only one is loaded at a time.
static keeper_result_t
s_look_around (keeper_t *self, const shard_saver_t *saver, int64_t now_ms)
{
    keeper_result_t result = KEEPER_SAME;
    bool is_missing = false;
    bool is_any_held = false;
    self->ownership->look (self->ownership);
    self->shards->members =
        self->ownership->members (self->ownership, &self->shards->members_count);
    self->shards->endpoints = self->ownership->endpoints (self->ownership);
    for (uint32_t partition = 0; partition < self->shards->partitions; partition++) {
        bool is_loading = self->loading && shard_owned (self->loading).partition == partition;
        bool is_ours = self->ownership->is_ours (self->ownership, partition);
        if (is_loading && !is_ours)
            s_stop_loading (self);
        else if (self->shards->shards[partition] && s_turn_over (self, partition, saver))
            result = KEEPER_CHANGED;
        else if (!self->shards->shards[partition] && self->is_held[partition] && !is_loading)
            s_let_go (self, partition);  //  it was fenced
        else if (is_ours && !self->is_held[partition] && !self->loading &&
                 now_ms >= self->retry_at_ms[partition] &&
                 s_begin_loading (self, partition) == KEEPER_FAILED)
            return KEEPER_FAILED;
        const shard_t *shard = self->shards->shards[partition];
        is_missing = is_missing || is_ours != (shard && !shard_is_leaving (shard)) ||
                     (shard && shard_is_leaving (shard));
        is_any_held = is_any_held || self->is_held[partition];
    }
    self->is_gone = !is_any_held;
    self->look_at_ms = now_ms + (is_missing ? HURRY_INTERVAL_MS : LOOK_INTERVAL_MS);
    return result;
}

static bool
s_restore (void *context, const rocket_view_t *rocket)
{
    const keeper_t *self = context;
    return partition_of (rocket->id, self->shards->partitions) ==
               shard_owned (self->loading).partition &&
           shard_restore (self->loading, rocket);
}

static keeper_result_t
s_load_more (keeper_t *self)
{
    uint32_t partition = shard_owned (self->loading).partition;
    switch (self->store->load (self->store, partition, ROCKETS_PER_RUN, s_restore, self)) {
    case LOAD_MORE:
        if (log_is_due (&self->progress_logged_ms, PROGRESS_INTERVAL_MS))
            s_log_progress (self, partition, "loading");
        return KEEPER_SAME;
    case LOAD_DONE:
        self->shards->shards[partition] = g_steal_pointer (&self->loading);
        self->look_at_ms = 0;
        return KEEPER_CHANGED;
    case LOAD_FAILED:
        shard_destroy (&self->loading);
        return s_give_up (self, partition);
    }
    return KEEPER_FAILED;
}

//  At the start everything that is free is taken before it is said to be ready.
static void
s_notice_ready (keeper_t *self)
{
    if (self->is_ready || self->loading || self->shards->members_count == 0)
        return;
    for (uint32_t partition = 0; partition < self->shards->partitions; partition++)
        if (self->ownership->is_ours (self->ownership, partition) &&
            !self->shards->shards[partition])
            return;
    self->is_ready = true;
    s_log_progress (self, self->shards->partitions - 1, "loaded");
}

keeper_result_t
keeper_run (keeper_t *self, const shard_saver_t *saver)
{
    keeper_result_t result = KEEPER_SAME;
    int64_t now_ms = clock_ms ();
    if (now_ms >= self->look_at_ms)
        result = s_look_around (self, saver, now_ms);
    if (result != KEEPER_FAILED && self->loading) {
        keeper_result_t loaded = s_load_more (self);
        result = loaded == KEEPER_SAME ? result : loaded;
    }
    s_notice_ready (self);
    return result;
}

int64_t
keeper_timeout_ms (const keeper_t *self)
{
    return self->loading ? 0 : MAX (0, self->look_at_ms - clock_ms ());
}

bool
keeper_is_ready (const keeper_t *self)
{
    return self->is_ready;
}

void
keeper_leave (keeper_t *self)
{
    self->ownership->leave (self->ownership);
    self->look_at_ms = 0;
}

bool
keeper_is_gone (const keeper_t *self)
{
    return self->is_gone;
}
