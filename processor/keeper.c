//  SPDX-License-Identifier: Apache-2.0
#include "processor/keeper.h"

#include "common/process/clock.h"
#include "common/process/log.h"
#include "common/process/watchdog.h"

#define LOOK_INTERVAL_MS 100   //  longest time until the death of a member is noticed
#define HURRY_INTERVAL_MS 10   //  while a partition changes its owner
#define LATER_INTERVAL_MS 1    //  while the store has no answer yet
#define DAMAGE_RETRY_MS 10000  //  until a partition that could not be read is tried again
#define ROCKETS_PER_RUN 2000   //  loaded before queries get their turn: some milliseconds
#define TAKE_PATIENCE_MS 3000  //  until a partition that cannot be taken lets the next one try
#define TAKE_RETRY_MS 1000
#define PROGRESS_INTERVAL_MS 1000
#define NO_PARTITION PARTITIONS_MAX

typedef enum {
    PARTITION_ABSENT,
    PARTITION_TAKING,
    PARTITION_LOADING,
    PARTITION_OWNED,
    PARTITION_LEAVING,
    PARTITION_PHASES
} partition_phase_t;

//  The phases that may follow a phase. s_enter checks this table.
static const bool s_may_follow[PARTITION_PHASES][PARTITION_PHASES] = {
    [PARTITION_ABSENT] = {[PARTITION_TAKING] = true},   //  the lock was free
    [PARTITION_TAKING] = {[PARTITION_LOADING] = true,   //  its epoch is raised
        [PARTITION_ABSENT] = true},                     //  not ours any more, or damaged
    [PARTITION_LOADING] = {[PARTITION_OWNED] = true,    //  all rockets are loaded
        [PARTITION_ABSENT] = true},                     //  not ours any more, or damaged
    [PARTITION_OWNED] = {[PARTITION_LEAVING] = true,    //  not ours any more
        [PARTITION_ABSENT] = true},                     //  fenced: the saver destroyed the shard
    [PARTITION_LEAVING] = {[PARTITION_ABSENT] = true},  //  all is saved, or fenced
};

struct keeper {
    shards_t *shards;
    text_pool_t *pool;
    ordering_t ordering;
    source_t *source;
    store_t *store;
    ownership_t *ownership;
    partition_phase_t phases[PARTITIONS_MAX];
    int64_t retry_at_ms[PARTITIONS_MAX];
    uint32_t coming;     //  the partition in TAKING or LOADING; NO_PARTITION: none
    shard_t *loading;    //  its shard; NULL: not in LOADING
    int64_t taking_ms;   //  when the store was first asked for it
    uint32_t first;      //  the partition that is looked at first, so may come first
    bool is_store_late;  //  the store had no answer yet
    int64_t look_at_ms;
    int64_t progress_logged_ms;
    bool is_ready;
    bool is_gone;
};

keeper_t *
keeper_new (shards_t *shards, text_pool_t *pool, ordering_t ordering, source_t *source,
    store_t **store, ownership_t **ownership)
{
    keeper_t *self = g_new0 (keeper_t, 1);
    self->shards = shards;
    self->pool = pool;
    self->ordering = ordering;
    self->source = source;
    self->store = g_steal_pointer (store);
    self->ownership = g_steal_pointer (ownership);
    self->coming = NO_PARTITION;
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

//  Change the phase of a partition. A change that is not in the table is a bug, and aborts.
static void
s_enter (keeper_t *self, uint32_t partition, partition_phase_t phase)
{
    g_assert (s_may_follow[self->phases[partition]][phase]);
    self->phases[partition] = phase;
}

//  Release a partition whose shard is gone. Close the file before the lock is released.
static void
s_release (keeper_t *self, uint32_t partition)
{
    self->store->release (self->store, partition);
    self->ownership->release (self->ownership, partition);
    s_enter (self, partition, PARTITION_ABSENT);
}

static void
s_stop_coming (keeper_t *self)
{
    uint32_t partition = self->coming;
    shard_destroy (&self->loading);
    self->coming = NO_PARTITION;
    s_release (self, partition);
}

//  Release a partition that cannot be read. At the start that stops the processor, so that an
//  operator looks at it. Later the partition stays without an owner, and the others go on.
static keeper_result_t
s_give_up (keeper_t *self)
{
    self->retry_at_ms[self->coming] = clock_ms () + DAMAGE_RETRY_MS;
    s_stop_coming (self);
    return self->is_ready ? KEEPER_SAME : KEEPER_FAILED;
}

static void
s_log_progress (const keeper_t *self, uint32_t partition, const char *event)
{
    log_event (LOG_INFO, event, "rockets=%zu partition=%u of=%u ms=%lld",
        shards_rockets (self->shards), partition, self->shards->partitions,
        (long long) (clock_ms () - self->shards->started_ms));
}

//  Try to lock a partition, to take it next. Only one partition comes at a time.
static void
s_try_to_hold (keeper_t *self, uint32_t partition, int64_t now_ms)
{
    if (self->coming != NO_PARTITION || now_ms < self->retry_at_ms[partition] ||
        !self->ownership->hold (self->ownership, partition))
        return;
    self->coming = partition;
    self->taking_ms = now_ms;
    s_enter (self, partition, PARTITION_TAKING);
}

//  Move a partition on.
static keeper_result_t
s_look_at (keeper_t *self, const shard_saver_t *saver, uint32_t partition, int64_t now_ms)
{
    bool is_ours = self->ownership->is_ours (self->ownership, partition);
    shard_t **shard_p = &self->shards->shards[partition];
    switch (self->phases[partition]) {
    case PARTITION_ABSENT:
        if (is_ours)
            s_try_to_hold (self, partition, now_ms);
        return KEEPER_SAME;
    case PARTITION_TAKING:
    case PARTITION_LOADING:
        if (!is_ours)
            s_stop_coming (self);
        return KEEPER_SAME;
    case PARTITION_OWNED:
        if (!*shard_p) {  //  it was fenced
            self->source->revoke (self->source, partition);
            s_release (self, partition);
        }
        else if (!is_ours) {
            self->source->revoke (self->source, partition);
            shard_leave (*shard_p);
            s_enter (self, partition, PARTITION_LEAVING);
            return KEEPER_CHANGED;
        }
        return KEEPER_SAME;
    case PARTITION_LEAVING:
        if (*shard_p && !shard_saver_is_through (saver, partition))
            return KEEPER_SAME;
        shard_destroy (shard_p);
        s_release (self, partition);
        if (is_ours)
            s_try_to_hold (self, partition, now_ms);
        return KEEPER_SAME;
    case PARTITION_PHASES:
        break;
    }
    g_assert_not_reached ();
}

//  Look at the members, then move every partition on.
static keeper_result_t
s_look_around (keeper_t *self, const shard_saver_t *saver, int64_t now_ms)
{
    keeper_result_t result = KEEPER_SAME;
    bool is_changing = false;
    bool is_any_held = false;
    self->ownership->look (self->ownership);
    self->shards->members =
        self->ownership->members (self->ownership, &self->shards->members_count);
    self->shards->endpoints = self->ownership->endpoints (self->ownership);
    for (uint32_t count = 0; count < self->shards->partitions; count++) {
        uint32_t partition = (self->first + count) % self->shards->partitions;
        if (s_look_at (self, saver, partition, now_ms) == KEEPER_CHANGED)
            result = KEEPER_CHANGED;
        partition_phase_t phase = self->phases[partition];
        bool is_ours = self->ownership->is_ours (self->ownership, partition);
        is_changing =
            is_changing || phase == PARTITION_LEAVING || is_ours != (phase == PARTITION_OWNED);
        is_any_held = is_any_held || phase != PARTITION_ABSENT;
    }
    self->is_gone = !is_any_held;
    self->look_at_ms = now_ms + (is_changing ? HURRY_INTERVAL_MS : LOOK_INTERVAL_MS);
    return result;
}

static bool
s_restore (void *context, const rocket_view_t *rocket)
{
    const keeper_t *self = context;
    return partition_of (rocket->id, shards_layout (self->shards)) ==
               shard_owned (self->loading).partition &&
           shard_restore (self->loading, rocket);
}

//  Put a partition behind the others if it takes long, for example because its row is locked.
static void
s_let_others_try (keeper_t *self)
{
    int64_t now_ms = clock_ms ();
    if (now_ms - self->taking_ms < TAKE_PATIENCE_MS)
        return;
    self->first = (self->coming + 1) % self->shards->partitions;
    self->retry_at_ms[self->coming] = now_ms + TAKE_RETRY_MS;
    s_stop_coming (self);
}

//  Take the partition in TAKING.
static keeper_result_t
s_take (keeper_t *self)
{
    owned_t owned = {.partition = self->coming};
    watchdog_rest ();  //  the store may check a whole file, however large it is
    switch (self->store->take (self->store, self->coming, &owned.epoch)) {
    case TAKE_DONE:
        self->loading = shard_new (owned, self->ordering, self->pool);
        s_enter (self, self->coming, PARTITION_LOADING);
        return KEEPER_SAME;
    case TAKE_LATER:
        self->is_store_late = true;
        s_let_others_try (self);
        return KEEPER_SAME;
    case TAKE_FAILED:
        return s_give_up (self);
    case TAKE_MOVED:
        s_stop_coming (self);
        return KEEPER_FAILED;
    }
    return KEEPER_FAILED;
}

//  Own the partition in LOADING.
static keeper_result_t
s_own (keeper_t *self)
{
    uint32_t partition = self->coming;
    position_t position;
    if (self->store->position (self->store, partition, &position))
        shard_restore_position (self->loading, &position);
    self->shards->shards[partition] = g_steal_pointer (&self->loading);
    self->coming = NO_PARTITION;
    s_enter (self, partition, PARTITION_OWNED);
    self->look_at_ms = 0;
    return self->source->assign (self->source, partition) ? KEEPER_CHANGED : KEEPER_FAILED;
}

//  Load a bounded number of rockets of the partition in LOADING.
static keeper_result_t
s_load (keeper_t *self)
{
    uint32_t partition = self->coming;
    switch (self->store->load (self->store, partition, ROCKETS_PER_RUN, s_restore, self)) {
    case LOAD_LATER:
        self->is_store_late = true;
        return KEEPER_SAME;
    case LOAD_MORE:
        if (log_is_due (&self->progress_logged_ms, PROGRESS_INTERVAL_MS))
            s_log_progress (self, partition, "loading");
        return KEEPER_SAME;
    case LOAD_DONE:
        return s_own (self);
    case LOAD_FAILED:
        return s_give_up (self);
    }
    return KEEPER_FAILED;
}

//  Become ready when every partition that was free at the start is taken.
static void
s_notice_ready (keeper_t *self)
{
    if (self->is_ready || self->coming != NO_PARTITION || self->shards->members_count == 0)
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
    self->is_store_late = false;
    if (self->coming != NO_PARTITION) {
        keeper_result_t moved = self->loading ? s_load (self) : s_take (self);
        result = moved == KEEPER_SAME ? result : moved;
    }
    s_notice_ready (self);
    return result;
}

int64_t
keeper_timeout_ms (const keeper_t *self)
{
    if (self->coming != NO_PARTITION)
        return self->is_store_late ? LATER_INTERVAL_MS : 0;
    return MAX (0, self->look_at_ms - clock_ms ());
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

store_health_t
keeper_health (const keeper_t *self)
{
    store_health_t health = self->store->health (self->store);
    health.is_away = health.is_away || self->ownership->is_away (self->ownership);
    return health;
}

bool
keeper_is_gone (const keeper_t *self)
{
    return self->is_gone;
}
