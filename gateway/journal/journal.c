//  SPDX-License-Identifier: Apache-2.0
#include "gateway/journal/journal.h"

#include <sys/statvfs.h>

#include "common/process/background.h"
#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "common/process/watchdog.h"

//  The thread writes a round that is larger than this, and all rounds while one of the last
//  QUICK_COMMITS commits was slower.
#define QUICK_MAX_BYTES (64 * 1024)
#define QUICK_MAX_REMOVED 4096  //  frames; deleting one takes some 0.2 us
#define QUICK_MAX_US 1000
#define QUICK_COMMITS 32

#define ROOM_INTERVAL_MS 20
#define ROOM_LOG_INTERVAL_MS 1000

//  On a full disk SQLite can neither delete nor write its log back, so keep room for that.
#define RESERVE_MIN_BYTES (1024 * 1024)
#define RESERVE_MAX_BYTES (64 * 1024 * 1024)

struct journal {
    slot_t *slot;
    journal_file_t *file;
    background_t *background;
    int quick_commits;  //  in a row, up to now
    bool has_room;
    int64_t room_checked_ms;
    int64_t room_logged_ms;
};

journal_round_t *
journal_round_new (void)
{
    journal_round_t *self = g_new0 (journal_round_t, 1);
    self->change.added = g_ptr_array_new ();
    self->change.staged = g_ptr_array_new ();
    self->change.remade = g_ptr_array_new ();
    self->change.marked = g_array_new (FALSE, FALSE, sizeof (upload_mark_t));
    self->change.removed = g_array_new (FALSE, FALSE, sizeof (number_range_t));
    self->change.dropped = g_array_new (FALSE, FALSE, sizeof (number_range_t));
    self->change.replaced = g_array_new (FALSE, FALSE, sizeof (number_range_t));
    self->change.ended = g_array_new (FALSE, FALSE, sizeof (uint64_t));
    self->fetched = g_array_new (FALSE, TRUE, sizeof (journal_fetch_t));
    return self;
}

void
journal_round_destroy (journal_round_t **self_p)
{
    journal_round_t *self = *self_p;
    if (!self)
        return;
    for (guint index = 0; index < self->fetched->len; index++)
        g_free (g_array_index (self->fetched, journal_fetch_t, index).bytes);
    g_ptr_array_unref (self->change.added);
    g_ptr_array_unref (self->change.staged);
    g_ptr_array_unref (self->change.remade);
    g_array_unref (self->change.marked);
    g_array_unref (self->change.removed);
    g_array_unref (self->change.dropped);
    g_array_unref (self->change.replaced);
    g_array_unref (self->change.ended);
    g_array_unref (self->fetched);
    g_free (self);
    *self_p = NULL;
}

static file_result_t
s_fetch (journal_file_t *file, GArray *fetched)
{
    for (guint index = 0; index < fetched->len; index++) {
        journal_fetch_t *fetch = &g_array_index (fetched, journal_fetch_t, index);
        fetch->bytes = journal_file_read (file, fetch->sequence, &fetch->size);
        if (!fetch->bytes)
            return FILE_BROKEN;
    }
    return FILE_DONE;
}

static bool
s_has_changes (const journal_change_t *change)
{
    return change->added->len > 0 || change->staged->len > 0 || change->removed->len > 0 ||
           change->dropped->len > 0 || change->ended->len > 0 || change->remade->len > 0;
}

static void
s_write (journal_file_t *file, journal_round_t *round)
{
    round->result = FILE_DONE;
    if (s_fetch (file, round->fetched) == FILE_BROKEN) {
        round->result = FILE_BROKEN;
        return;
    }
    if (!s_has_changes (&round->change) && !round->is_trial)
        return;
    FAILPOINT ("journal-before-commit");
    round->result = journal_file_write (file, &round->change);
    round->is_disk_full = round->result == FILE_FAILED && journal_file_is_disk_full (file);
    FAILPOINT ("journal-after-commit");
}

//  Write a round, on either thread, and measure the commit.
static void
s_write_round (void *context, void *job)
{
    journal_round_t *round = job;
    int64_t start_us = clock_us ();
    s_write (((journal_t *) context)->file, round);
    round->took_us = clock_us () - start_us;
}

static void
s_close (journal_t **self_p, bool is_empty)
{
    journal_t *self = *self_p;
    background_destroy (&self->background);
    journal_file_close (&self->file);
    slot_leave (&self->slot, is_empty);
    g_free (self);
    *self_p = NULL;
}

journal_t *
journal_new (slot_t *slot, bool is_synced)
{
    char *path = slot_journal_path (slot);
    journal_file_t *file = journal_file_open (path, is_synced, is_synced);
    g_free (path);
    if (!file) {
        slot_release (&slot);
        return NULL;
    }
    journal_t *self = g_new0 (journal_t, 1);
    self->slot = slot;
    self->file = file;
    self->has_room = true;
    self->background = background_new ("journal", s_write_round, self);
    if (!self->background)
        s_close (&self, true);
    return self;
}

void
journal_destroy (journal_t **self_p, bool is_empty)
{
    journal_t *self = *self_p;
    if (!self)
        return;
    journal_round_t *round = journal_wait (self);
    journal_round_destroy (&round);
    s_close (self_p, is_empty);
}

int
journal_fd (const journal_t *self)
{
    return background_fd (self->background);
}

bool
journal_is_idle (const journal_t *self)
{
    return background_is_idle (self->background);
}

//  Return true if the round only adds and removes a few frames, so that a quick disk writes it
//  faster than a thread wakes up.
static bool
s_is_small (const journal_round_t *round)
{
    const journal_change_t *change = &round->change;
    if (round->is_trial || round->fetched->len > 0 || change->staged->len > 0 ||
        change->remade->len > 0 || change->dropped->len > 0 || change->ended->len > 0)
        return false;
    size_t bytes = 0;
    for (guint index = 0; index < change->added->len && bytes <= QUICK_MAX_BYTES; index++)
        bytes += ((const record_t *) change->added->pdata[index])->size;
    uint64_t removed = 0;
    for (guint index = 0; index < change->removed->len && removed <= QUICK_MAX_REMOVED; index++) {
        const number_range_t *range = &g_array_index (change->removed, number_range_t, index);
        removed += range->last - range->first + 1;
    }
    return bytes <= QUICK_MAX_BYTES && removed <= QUICK_MAX_REMOVED;
}

//  Count the quick commits in a row.
static journal_round_t *
s_learn (journal_t *self, journal_round_t *round)
{
    if (round && round->took_us > QUICK_MAX_US)
        self->quick_commits = 0;
    else if (round && s_has_changes (&round->change))
        self->quick_commits = MIN (self->quick_commits + 1, QUICK_COMMITS);
    return round;
}

journal_round_t *
journal_submit (journal_t *self, journal_round_t **round_p)
{
    journal_round_t *round = g_steal_pointer (round_p);
    if (self->quick_commits < QUICK_COMMITS || !s_is_small (round)) {
        background_submit (self->background, round);
        return NULL;
    }
    //  If the disk stalls now, the watchdog must not take that for a hang.
    watchdog_rest ();
    s_write_round (self, round);
    return s_learn (self, round);
}

journal_round_t *
journal_done (journal_t *self)
{
    return s_learn (self, background_fetch (self->background));
}

journal_round_t *
journal_wait (journal_t *self)
{
    return s_learn (self, background_wait (self->background));
}

static void
s_log_room (journal_t *self, bool had_room, uint64_t free_bytes, uint64_t reserve)
{
    if (self->has_room && !had_room)
        log_event (LOG_INFO, "there is room for the journal again: messages are accepted",
            "directory=%s free_bytes=%llu", slot_path (self->slot),
            (unsigned long long) free_bytes);
    else if (!self->has_room && log_is_due (&self->room_logged_ms, ROOM_LOG_INTERVAL_MS))
        log_event (LOG_ERROR, "no room for the journal: nothing is accepted",
            "directory=%s free_bytes=%llu kept_free_bytes=%llu advice=%s", slot_path (self->slot),
            (unsigned long long) free_bytes, (unsigned long long) reserve,
            "the disk is full: make room on it, but delete nothing in the journal directory; "
            "accepted "
            "messages are safe, and the gateway accepts again when there is room");
}

bool
journal_has_room (journal_t *self)
{
    int64_t now_ms = clock_ms ();
    if (now_ms - self->room_checked_ms < ROOM_INTERVAL_MS)
        return self->has_room;
    self->room_checked_ms = now_ms;
    struct statvfs disk;
    if (statvfs (slot_path (self->slot), &disk) != 0)
        return self->has_room;  //  the next commit shows it
    uint64_t free_bytes = (uint64_t) disk.f_bavail * disk.f_frsize;
    uint64_t reserve =
        CLAMP ((uint64_t) disk.f_blocks * disk.f_frsize / 8, RESERVE_MIN_BYTES, RESERVE_MAX_BYTES);
    bool had_room = self->has_room;
    self->has_room = free_bytes > reserve;
    s_log_room (self, had_room, free_bytes, reserve);
    return self->has_room;
}
