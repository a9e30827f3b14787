//  SPDX-License-Identifier: Apache-2.0
#include "move/move_end.h"

#include <glib.h>
#include <poll.h>

#include "common/process/clock.h"
#include "common/process/log.h"

#define MEMBERS_PATIENCE_MS                                                                        \
    1500  //  shorter than the wait of a newcomer, so it disturbs no processor
#define LOCKS_PATIENCE_MS 10000  //  until a processor that stops has saved
#define AWAY_PATIENCE_MS 60000
#define PAUSE_MS 20
#define LATER_PAUSE_MS 1
#define RETRY_PAUSE_MS 200
#define ROCKETS_PER_PIECE 1000

bool
move_end_open (move_end_t *self, const store_choice_t *choice, const state_traits_t *wanted)
{
    self->choice = *choice;
    self->traits = *wanted;
    store_choice_place (choice, self->place);
    self->store = choose_store (choice, &self->traits);
    return self->store != NULL;
}

//  Wait for a moment. Return false if the user wants to stop.
static bool
s_pause (const move_end_t *self, int ms)
{
    struct pollfd stop = {.fd = self->choice.patience.stop_fd, .events = POLLIN};
    return poll (&stop, 1, ms) <= 0;
}

//  Return the number of other members; is_member: this process is a member too.
static size_t
s_others (const move_end_t *self, bool *is_member)
{
    size_t count = 0;
    const member_id_t *members = self->ownership->members (self->ownership, &count);
    *is_member = false;
    for (size_t index = 0; index < count; index++)
        *is_member = *is_member ||
                     memcmp (members[index].id, self->choice.processor, PROCESSOR_ID_SIZE) == 0;
    return count - *is_member;
}

static bool
s_hold_all (move_end_t *self)
{
    bool is_all = true;
    for (uint32_t partition = 0; partition < self->traits.partitions; partition++)
        is_all = self->ownership->hold (self->ownership, partition) && is_all;
    return is_all;
}

static bool
s_refuse_use (const move_end_t *self, size_t others)
{
    char *where = NULL;
    size_t count = 0;
    const member_id_t *members = self->ownership->members (self->ownership, &count);
    for (size_t index = 0; index < count && !where; index++)
        if (memcmp (members[index].id, self->choice.processor, PROCESSOR_ID_SIZE) != 0)
            where = g_strdup (self->ownership->endpoints (self->ownership)[index].text);
    log_event (LOG_ERROR, "the store is in use: it is not moved",
        "store=%s processors=%zu one_at=%s advice=%s", self->place, others, where ? where : "",
        "stop all its processors (one that was killed may count for two seconds more); gateways "
        "may "
        "go on");
    g_free (where);
    return false;
}

bool
move_end_hold (move_end_t *self)
{
    member_endpoint_t endpoint = {.text = ""};
    int64_t begun_ms = clock_ms ();
    self->ownership = choose_ownership (&self->choice, self->traits.partitions, &endpoint);
    if (!self->ownership)
        return false;
    while (s_pause (self, PAUSE_MS)) {
        bool is_member = false;
        self->ownership->look (self->ownership);
        size_t others = s_others (self, &is_member);
        if (others == 0 && is_member && s_hold_all (self))
            return true;
        int64_t waited_ms = clock_ms () - begun_ms;
        if (others > 0 && waited_ms >= MEMBERS_PATIENCE_MS)
            return s_refuse_use (self, others);
        if (waited_ms >= LOCKS_PATIENCE_MS)
            return s_refuse_use (self, others);
    }
    return false;
}

bool
move_end_is_stopped (const move_end_t *self)
{
    return !s_pause (self, 0);
}

static bool
s_take (move_end_t *self, uint32_t partition)
{
    take_t taken;
    do
        taken = self->store->take (self->store, partition, &self->epochs[partition]);
    while (taken == TAKE_LATER && s_pause (self, LATER_PAUSE_MS));
    return taken == TAKE_DONE;
}

bool
move_end_read (move_end_t *self, uint32_t partition, store_rocket_fn *rocket,
    move_between_fn *between, void *context)
{
    if (!s_take (self, partition))
        return false;
    while (true) {
        load_t loaded =
            self->store->load (self->store, partition, ROCKETS_PER_PIECE, rocket, context);
        if (!between (context) || loaded == LOAD_FAILED)
            return false;
        if (loaded == LOAD_DONE)
            return true;
        if (!s_pause (self, loaded == LOAD_LATER ? LATER_PAUSE_MS : 0))
            return false;
    }
}

bool
move_end_save (move_end_t *self, uint32_t partition, rocket_view_t *const *rockets, size_t count,
    const position_t *position)
{
    owned_t owned = {partition, self->epochs[partition]};
    int64_t until_ms = clock_ms () + AWAY_PATIENCE_MS;
    save_t saved = self->store->save (self->store, owned, rockets, count, position);
    while (saved == SAVE_FAILED && self->store->health (self->store).is_away &&
           clock_ms () < until_ms && s_pause (self, RETRY_PAUSE_MS))
        saved = self->store->save (self->store, owned, rockets, count, position);
    if (saved == SAVE_FENCED)
        log_event (LOG_ERROR, "another process has taken a partition during the move",
            "store=%s partition=%u advice=%s", self->place, partition,
            "stop all processors of both stores, and move again");
    else if (saved != SAVE_DONE)
        log_event (LOG_ERROR, "the store cannot be written", "store=%s partition=%u advice=%s",
            self->place, partition, "the line before says why; then move again with --replace");
    return saved == SAVE_DONE;
}

void
move_end_release (move_end_t *self)
{
    for (uint32_t partition = 0; partition < self->traits.partitions; partition++)
        self->store->release (self->store, partition);
}

void
move_end_close (move_end_t *self)
{
    if (self->store)
        self->store->destroy (&self->store);
    if (self->ownership)
        self->ownership->destroy (&self->ownership);
}
