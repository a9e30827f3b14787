//  SPDX-License-Identifier: Apache-2.0
#include "processor/keeper.h"

#include "common/process/clock.h"
#include "common/process/log.h"
#include "processor/arrival.h"

#define LOOK_INTERVAL_MS 100   //  longest time until the death of a member is noticed
#define HURRY_INTERVAL_MS 10   //  while a partition changes its owner
#define LATER_INTERVAL_MS 1    //  while the store or a thread is not done yet
#define DAMAGE_RETRY_MS 10000  //  until a partition that could not be read is tried again
#define ARRIVALS_MAX 8         //  partitions that come at a time, one a core
#define TAKE_PATIENCE_MS 3000  //  until a partition that cannot be taken lets the next one try
#define TAKE_RETRY_MS 1000
#define THREAD_RETRY_MS 1000  //  until the next partition tries, if no thread can be started
#define PROGRESS_INTERVAL_MS 1000

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
    ordering_t ordering;
    source_t *source;
    store_t *store;
    ownership_t *ownership;
    partition_phase_t phases[PARTITIONS_MAX];
    int64_t retry_at_ms[PARTITIONS_MAX];
    arrival_t *arrivals[PARTITIONS_MAX];  //  of the partitions in TAKING or LOADING
    int64_t taking_ms[PARTITIONS_MAX];    //  when the store was first asked for it
    guint coming;                         //  number of arrivals
    guint coming_max;
    int64_t come_at_ms;   //  no partition begins to come before
    uint32_t first;       //  the partition that is looked at first, so may come first
    bool is_any_at_once;  //  an arrival goes on at once
    int64_t look_at_ms;
    int64_t progress_logged_ms;
    bool is_ready;
    bool is_leaving;  //  the process ends
    bool is_gone;
};

keeper_t *
keeper_new (shards_t *shards, ordering_t ordering, source_t *source, store_t **store,
    ownership_t **ownership)
{
    keeper_t *self = g_new0 (keeper_t, 1);
    self->shards = shards;
    self->ordering = ordering;
    self->source = source;
    self->store = g_steal_pointer (store);
    self->ownership = g_steal_pointer (ownership);
    self->coming_max = self->store->waits ? MIN (g_get_num_processors (), ARRIVALS_MAX) : 1;
    self->progress_logged_ms = clock_ms ();
    return self;
}

void
keeper_destroy (keeper_t **self_p)
{
    keeper_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        if (self->arrivals[partition])
            arrival_cancel (self->arrivals[partition]);
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        arrival_destroy (&self->arrivals[partition]);
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        shard_abandon (&self->shards->shards[partition]);
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
s_end_arrival (keeper_t *self, uint32_t partition)
{
    arrival_destroy (&self->arrivals[partition]);
    self->coming--;
}

static void
s_stop_coming (keeper_t *self, uint32_t partition)
{
    s_end_arrival (self, partition);
    s_release (self, partition);
}

//  Release a partition that cannot be read. At the start this stops the processor, so that an
//  operator notices. Later the partition stays without an owner, and the others go on.
static keeper_result_t
s_give_up (keeper_t *self, uint32_t partition)
{
    self->retry_at_ms[partition] = clock_ms () + DAMAGE_RETRY_MS;
    s_stop_coming (self, partition);
    return self->is_ready ? KEEPER_SAME : KEEPER_FAILED;
}

static void
s_log_progress (const keeper_t *self, const char *event)
{
    size_t rockets = shards_rockets (self->shards);
    uint32_t loaded = 0;
    for (uint32_t partition = 0; partition < self->shards->partitions; partition++) {
        loaded += self->shards->shards[partition] != NULL;
        if (self->arrivals[partition])
            rockets += arrival_rockets (self->arrivals[partition]);
    }
    log_event (LOG_INFO, event, "rockets=%zu partitions=%u of=%u ms=%lld", rockets, loaded,
        self->shards->partitions, (long long) (clock_ms () - self->shards->started_ms));
}

//  Try to lock a partition, and begin to take it. Only some partitions come at a time. If there can
//  be no thread for it, the processor stops at the start, and later tries again.
static keeper_result_t
s_try_to_hold (keeper_t *self, uint32_t partition, int64_t now_ms)
{
    if (self->coming == self->coming_max || now_ms < self->come_at_ms ||
        now_ms < self->retry_at_ms[partition] ||
        !self->ownership->hold (self->ownership, partition))
        return KEEPER_SAME;
    self->arrivals[partition] =
        arrival_new (self->store, partition, shards_layout (self->shards), self->ordering);
    if (!self->arrivals[partition]) {
        self->ownership->release (self->ownership, partition);
        self->come_at_ms = now_ms + THREAD_RETRY_MS;
        return self->is_ready ? KEEPER_SAME : KEEPER_FAILED;
    }
    self->coming++;
    self->taking_ms[partition] = now_ms;
    s_enter (self, partition, PARTITION_TAKING);
    return KEEPER_SAME;
}

static void
s_free_shard (const keeper_t *self, shard_t **shard_p)
{
    if (self->is_leaving)
        shard_abandon (shard_p);
    else
        shard_destroy (shard_p);
}

//  Do the next step of a partition, by its phase and by whether it should be ours.
static keeper_result_t
s_look_at (keeper_t *self, const shard_saver_t *saver, uint32_t partition, int64_t now_ms)
{
    bool is_ours = self->ownership->is_ours (self->ownership, partition);
    shard_t **shard_p = &self->shards->shards[partition];
    switch (self->phases[partition]) {
    case PARTITION_ABSENT:
        return is_ours ? s_try_to_hold (self, partition, now_ms) : KEEPER_SAME;
    case PARTITION_TAKING:
    case PARTITION_LOADING:
        if (!is_ours)
            arrival_cancel (self->arrivals[partition]);
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
        s_free_shard (self, shard_p);
        s_release (self, partition);
        return is_ours ? s_try_to_hold (self, partition, now_ms) : KEEPER_SAME;
    case PARTITION_PHASES:
        break;
    }
    g_assert_not_reached ();
}

//  Look at the members, then do the next step of every partition.
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
        keeper_result_t looked = s_look_at (self, saver, partition, now_ms);
        result = MAX (result, looked);
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

//  Put a partition behind the others if it takes long, for example because its row is locked.
static void
s_let_others_try (keeper_t *self, uint32_t partition)
{
    int64_t now_ms = clock_ms ();
    if (self->store->waits || self->phases[partition] != PARTITION_TAKING ||
        now_ms - self->taking_ms[partition] < TAKE_PATIENCE_MS)
        return;
    self->first = (partition + 1) % self->shards->partitions;
    self->retry_at_ms[partition] = now_ms + TAKE_RETRY_MS;
    s_stop_coming (self, partition);
}

//  Own a partition whose rockets are loaded.
static keeper_result_t
s_own (keeper_t *self, uint32_t partition)
{
    self->shards->shards[partition] = arrival_shard (self->arrivals[partition]);
    s_end_arrival (self, partition);
    s_enter (self, partition, PARTITION_OWNED);
    self->look_at_ms = 0;
    return self->source->assign (self->source, partition) ? KEEPER_CHANGED : KEEPER_FAILED;
}

//  Do the next step of a partition that is arriving.
static keeper_result_t
s_move_on (keeper_t *self, uint32_t partition)
{
    arrival_step_t step = arrival_run (self->arrivals[partition]);
    if (self->phases[partition] == PARTITION_TAKING && arrival_is_taken (self->arrivals[partition]))
        s_enter (self, partition, PARTITION_LOADING);
    switch (step) {
    case ARRIVAL_COMING:
        self->is_any_at_once = true;
        return KEEPER_SAME;
    case ARRIVAL_LATER:
        s_let_others_try (self, partition);
        return KEEPER_SAME;
    case ARRIVAL_DONE:
        return s_own (self, partition);
    case ARRIVAL_FAILED:
        return s_give_up (self, partition);
    case ARRIVAL_MOVED:
        s_stop_coming (self, partition);
        return KEEPER_FAILED;
    case ARRIVAL_CANCELLED:
        s_stop_coming (self, partition);
        self->look_at_ms = 0;
        return KEEPER_SAME;
    }
    return KEEPER_FAILED;
}

//  Do the next step of all partitions that are arriving.
static keeper_result_t
s_move_all (keeper_t *self)
{
    keeper_result_t result = KEEPER_SAME;
    self->is_any_at_once = false;
    for (uint32_t partition = 0; self->coming > 0 && partition < self->shards->partitions;
         partition++) {
        if (!self->arrivals[partition])
            continue;
        keeper_result_t moved = s_move_on (self, partition);
        result = MAX (result, moved);
    }
    if (self->coming > 0 && log_is_due (&self->progress_logged_ms, PROGRESS_INTERVAL_MS))
        s_log_progress (self, "loading");
    return result;
}

//  Become ready when every partition that was free at the start is taken.
static void
s_notice_ready (keeper_t *self)
{
    if (self->is_ready || self->coming > 0 || self->shards->members_count == 0)
        return;
    for (uint32_t partition = 0; partition < self->shards->partitions; partition++)
        if (self->ownership->is_ours (self->ownership, partition) &&
            !self->shards->shards[partition])
            return;
    self->is_ready = true;
    s_log_progress (self, "loaded");
}

keeper_result_t
keeper_run (keeper_t *self, const shard_saver_t *saver)
{
    keeper_result_t result = KEEPER_SAME;
    int64_t now_ms = clock_ms ();
    if (now_ms >= self->look_at_ms)
        result = s_look_around (self, saver, now_ms);
    keeper_result_t moved = s_move_all (self);
    result = MAX (result, moved);
    s_notice_ready (self);
    return result;
}

int64_t
keeper_timeout_ms (const keeper_t *self)
{
    int64_t left_ms = MAX (0, self->look_at_ms - clock_ms ());
    if (self->coming > 0)
        return self->is_any_at_once ? 0 : MIN (left_ms, LATER_INTERVAL_MS);
    return left_ms;
}

bool
keeper_is_ready (const keeper_t *self)
{
    return self->is_ready;
}

void
keeper_leave (keeper_t *self)
{
    self->is_leaving = true;
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
