//  A round writes and syncs some files, so its cost hardly depends on its size. While many frames
//  come in, a pause of several times its length follows each round: the next round then saves more
//  at once, and the cores are free for the gateway and the loop. While few frames come in there is
//  no pause, so that acks are not delayed.
//
//  A round saves copies, so its size is bounded to bound their memory. The rest of a burst follows
//  at once, partition after partition: the first partitions are acknowledged before the last are
//  saved.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/save/shard_saver.h"

#include <malloc.h>

#include "common/process/background.h"
#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"

#define RETRY_MS 200
#define ROUND_ROCKETS 16384   //  about 5 MB of copies, saved in about 50 ms
#define BUSY_FRAMES 2         //  frames in one round from which on more are expected
#define RECORDS_PER_FRAME 64  //  so many records count as a frame here
#define PAUSE_TIMES 8         //  length of the pause, in lengths of the round
#define PAUSE_MAX_MS 50
#define POSITION_MS 1000    //  between two saves of a partition in which only the position moves
#define TRIM_AFTER_MS 1000  //  after the last round of a burst

//  The changed rockets of one partition, or some of them.
typedef struct {
    owned_t owned;
    GPtrArray *changes;  //  of rocket_view_t *
    bool has_position;
    position_t position;  //  to store with them
    save_t result;
} shard_save_t;

struct shard_saver {
    shards_t *shards;
    store_t *store;
    source_t *source;
    socket_t *events;
    update_sender_t *updates;
    acks_t *acks;                      //  of the saves of this round that succeeded
    background_t *background;          //  its job is a GPtrArray of shard_save_t *
    int64_t begun_ms;                  //  when the last round began
    uint64_t begun_frames;             //  frames taken in until then
    uint64_t round_frames;             //  frames taken in between the last two rounds
    uint32_t next;                     //  partition to save first in the next round
    bool is_cut;                       //  the last round was full: more may be left to save
    int64_t trim_at_ms;                //  when to return the memory of a burst; 0: there was none
    int64_t not_before_ms;             //  when the next round may begin
    bool is_saving[PARTITIONS_MAX];    //  in the current round
    int64_t saved_ms[PARTITIONS_MAX];  //  when its last save began
};

static void
s_free_save (void *data)
{
    shard_save_t *save = data;
    g_ptr_array_unref (save->changes);
    g_free (save);
}

//  Save all partitions of a round. The background thread calls it.
static void
s_save_all (void *context, void *job)
{
    shard_saver_t *self = context;
    store_t *store = self->store;
    const GPtrArray *saves = job;
    for (guint index = 0; index < saves->len; index++) {
        shard_save_t *save = saves->pdata[index];
        int64_t start_us = clock_us ();
        FAILPOINT ("save-before");
        save->result = store->save (store, save->owned,
            (rocket_view_t *const *) (gpointer) save->changes->pdata, save->changes->len,
            save->has_position ? &save->position : NULL);
        histogram_add (&self->shards->latencies.save, clock_us () - start_us, 1);
        FAILPOINT ("save-after");
    }
}

static void
s_free (shard_saver_t **self_p)
{
    shard_saver_t *self = *self_p;
    background_destroy (&self->background);
    acks_destroy (&self->acks);
    g_free (self);
    *self_p = NULL;
}

shard_saver_t *
shard_saver_new (
    shards_t *shards, store_t *store, source_t *source, socket_t *events, update_sender_t *updates)
{
    shard_saver_t *self = g_new0 (shard_saver_t, 1);
    self->shards = shards;
    self->store = store;
    self->source = source;
    self->events = events;
    self->updates = updates;
    self->acks = acks_new ();
    self->background = background_new ("saver", s_save_all, self);
    if (!self->background)
        s_free (&self);
    return self;
}

void
shard_saver_destroy (shard_saver_t **self_p)
{
    shard_saver_t *self = *self_p;
    if (!self)
        return;
    GPtrArray *saves = background_wait (self->background);
    if (saves)
        g_ptr_array_unref (saves);
    s_free (self_p);
}

int
shard_saver_fd (const shard_saver_t *self)
{
    return background_fd (self->background);
}

int64_t
shard_saver_timeout_ms (const shard_saver_t *self)
{
    int64_t left_ms = self->not_before_ms - clock_ms ();
    return left_ms > 0 ? left_ms : INT64_MAX;
}

bool
shard_saver_is_saving (const shard_saver_t *self)
{
    return !background_is_idle (self->background);
}

bool
shard_saver_is_through (const shard_saver_t *self, uint32_t partition)
{
    const shard_t *shard = self->shards->shards[partition];
    const changes_t *changes = shard ? shard_changes (shard) : NULL;
    return !self->is_saving[partition] &&
           (!changes || (changes_are_none (changes) && !changes_have_moved (changes)));
}

static void
s_publish (shard_saver_t *self)
{
    FAILPOINT ("ack-before");
    acks_publish (self->acks, self->shards->processor, self->events);
    FAILPOINT ("ack-after");
}

//  Handle the result of a save. Return false if the store is broken.
static bool
s_settle (shard_saver_t *self, shard_save_t *save)
{
    shard_t **shard_p = &self->shards->shards[save->owned.partition];
    self->is_saving[save->owned.partition] = false;
    switch (save->result) {
    case SAVE_DONE:
        update_sender_saved (self->updates, save->owned, save->changes);
        changes_end_save (shard_changes (*shard_p), self->acks);
        self->source->saved (
            self->source, save->owned.partition, save->has_position ? &save->position : NULL);
        return true;
    case SAVE_FAILED:
        self->shards->counters.saves_failed++;
        changes_put_back (shard_changes (*shard_p));
        self->not_before_ms = clock_ms () + RETRY_MS;
        return true;
    case SAVE_FENCED:
        log_event (LOG_WARN, "another processor has taken a partition: it is let go",
            "partition=%u epoch=%llu", save->owned.partition,
            (unsigned long long) save->owned.epoch);
        shard_destroy (shard_p);
        return true;
    default:
        return false;
    }
}

static bool
s_settle_all (shard_saver_t *self, GPtrArray *saves)
{
    bool good = true;
    for (guint index = 0; good && index < saves->len; index++)
        good = s_settle (self, saves->pdata[index]);
    s_publish (self);
    g_ptr_array_unref (saves);
    return good;
}

static void
s_pause (shard_saver_t *self)
{
    int64_t now_ms = clock_ms ();
    if (self->round_frames >= BUSY_FRAMES && !self->is_cut)
        self->not_before_ms = now_ms + MIN (PAUSE_TIMES * (now_ms - self->begun_ms), PAUSE_MAX_MS);
}

//  Return true if a partition is due for a save. A position alone, as after messages that changed
//  nothing, waits for a while, unless the partition leaves.
static bool
s_is_due (const shard_saver_t *self, const shard_t *shard, int64_t saved_ms)
{
    const changes_t *changes = shard_changes (shard);
    if (!changes_are_none (changes))
        return true;
    return changes_have_moved (changes) &&
           (shard_is_leaving (shard) || self->begun_ms - saved_ms >= POSITION_MS);
}

//  Add the changed rockets of a partition to a round. Return the number of rockets.
static guint
s_add (shard_saver_t *self, GPtrArray *saves, uint32_t partition, guint most)
{
    shard_t *shard = self->shards->shards[partition];
    if (!shard || !s_is_due (self, shard, self->saved_ms[partition]))
        return 0;
    shard_save_t *save = g_new0 (shard_save_t, 1);
    save->owned = shard_owned (shard);
    save->changes = changes_take (shard_changes (shard), most);
    save->has_position = changes_take_position (shard_changes (shard), &save->position);
    self->is_saving[partition] = true;
    self->saved_ms[partition] = self->begun_ms;
    g_ptr_array_add (saves, save);
    return save->changes->len;
}

//  Give the memory of a burst's copies back to the system, because malloc keeps freed memory. This
//  takes a millisecond or two for a million rockets.
static void
s_trim (shard_saver_t *self)
{
    if (self->trim_at_ms == 0 || self->begun_ms < self->trim_at_ms)
        return;
    self->trim_at_ms = 0;
    malloc_trim (0);
}

static void
s_begin (shard_saver_t *self)
{
    self->begun_ms = clock_ms ();
    const processor_counters_t *counters = &self->shards->counters;
    uint64_t frames = counters->frames + counters->records / RECORDS_PER_FRAME;
    self->round_frames = frames - self->begun_frames;
    self->begun_frames = frames;
    GPtrArray *saves = g_ptr_array_new_with_free_func (s_free_save);
    guint left = ROUND_ROCKETS;
    for (uint32_t count = 0; count < self->shards->partitions && left > 0; count++) {
        left -= s_add (self, saves, self->next, left);
        self->next = (self->next + 1) % self->shards->partitions;
    }
    self->is_cut = left == 0;
    if (self->is_cut)
        self->trim_at_ms = self->begun_ms + TRIM_AFTER_MS;
    if (saves->len > 0)
        background_submit (self->background, saves);
    else {
        g_ptr_array_unref (saves);
        s_trim (self);
    }
}

bool
shard_saver_run (shard_saver_t *self)
{
    GPtrArray *saves = background_fetch (self->background);
    if (saves) {
        s_pause (self);
        if (!s_settle_all (self, saves))
            return false;
    }
    if (background_is_idle (self->background) && clock_ms () >= self->not_before_ms)
        s_begin (self);
    return true;
}
