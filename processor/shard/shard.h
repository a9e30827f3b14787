//  A partition in memory: its rockets, the epoch of its ownership, and the changes since the last
//  save. The processor's thread owns every shard.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SHARD_H
#define DOWNLINK_SHARD_H

#include <glib.h>

#include "common/bytes/announcement.h"
#include "common/domain/position.h"
#include "common/domain/rocket.h"
#include "processor/shard/acks.h"
#include "processor/shard/leaders.h"

typedef struct shard shard_t;

//  Create an empty shard.
shard_t *shard_new (owned_t owned, ordering_t ordering);

void shard_destroy (shard_t **self_p);

//  Destroy the shard at the end of the process, without freeing its rockets, since freeing millions
//  of rockets takes seconds. A build with a sanitizer frees them.
void shard_abandon (shard_t **self_p);

//  Make the shard leave: it takes no more frames and is not announced, but is still saved. A
//  leaving shard never returns: the next owner, even the same processor, gets a new epoch. So under
//  one epoch an owner takes in every frame until its shard leaves.
void shard_leave (shard_t *self);
bool shard_is_leaving (const shard_t *self);

//  Return the partition and its epoch.
owned_t shard_owned (const shard_t *self);

//  Add a stored rocket; its row determines its place. Rows come in rising order, or all are
//  unknown. Return false if the rocket is invalid or already present.
bool shard_restore (shard_t *self, const rocket_view_t *view) __attribute__ ((warn_unused_result));

//  Fold a message of this partition into its rocket, which is created if necessary.
fold_t shard_fold (shard_t *self, const message_t *message);

//  Return the number of messages folded so far, duplicates too; and how many of them are saved. A
//  message that changed nothing counts as saved when the changes before it are saved.
uint64_t shard_folded (const shard_t *self);
uint64_t shard_saved (const shard_t *self);

//  Return the number of messages that are folded and not saved.
uint64_t shard_unsaved (const shard_t *self);

//  Return the acks of the frames folded since the last burst began (see below), borrowed. The
//  caller adds each frame that it folds.
acks_t *shard_acks (shard_t *self);

//  Return true if a rocket waits for its save, or a frame waits for its ack.
bool shard_is_changed (const shard_t *self);

//  Positions. A source that reads a feed sets the shard's position as it folds: all records before
//  the position are folded. The stored position must never be ahead of the stored rockets, so it is
//  saved with the last piece of the burst that has all changes before it.

//  Set the stored position, after the rockets are restored.
void shard_restore_position (shard_t *self, const position_t *position);

//  Set the position: everything before it is folded. It may also go back.
void shard_set_position (shard_t *self, const position_t *position);

//  Set *position to the position that was set last. Return false if there is none.
bool shard_position (const shard_t *self, position_t *position);

//  Return true if the position differs from the stored position.
bool shard_has_moved (const shard_t *self);

//  Saves. The changed rockets become a burst, which is saved in pieces. A rocket that changes after
//  its piece was taken belongs to the next burst. A rocket that changes before its piece is taken
//  is saved with that change.

//  Begin to save a piece of at most `most` rockets. Return copies of them (rocket_view_t *), which
//  the caller frees. shard_end_save or shard_put_back ends the save. The row of a rocket follows
//  from its place, so it never changes; a new rocket gets the row of a rocket that is gone, or the
//  next row.
GPtrArray *shard_take_changes (shard_t *self, guint most);

//  Set *position to the position to store in the same transaction as the piece that was taken.
//  Return false if there is none: more pieces of the burst follow, or the position is stored
//  already.
bool shard_take_position (const shard_t *self, position_t *position);

//  End a save that succeeded. After the last piece of a burst, move its acks to acks.
void shard_end_save (shard_t *self, acks_t *acks);

//  Add the last saved frame of each source to acks, to acknowledge it again.
void shard_repeat_acks (const shard_t *self, acks_t *acks);

//  End a save that failed. The rest of the burst becomes changes again, and its acks wait for them.
void shard_put_back (shard_t *self);

//  Updates. A saved rocket is noted. From time to time the noted rockets become due, and each is
//  published once, in its newest saved state. A due rocket that has changed since its save becomes
//  overdue: it is published at its next save.

//  Note that the rocket with this index in the piece was saved. Call this before the end of the
//  save. Return true if the rocket is overdue: publish it now, from the copy, since it may have
//  changed.
bool shard_note_saved (shard_t *self, guint index);

//  Skip the update of a saved rocket without subscribers: do not note it, and end its being
//  overdue. Return true if it was overdue.
bool shard_pass_over_saved (shard_t *self, guint index);

//  Make every noted rocket due, unless earlier ones still are. Return true if any rocket is due.
bool shard_make_due (shard_t *self);

//  Take the next due rocket. Return false if there is none. Set *rocket to NULL if it has changed
//  since its save: it is overdue now.
bool shard_next_due (shard_t *self, const rocket_t **rocket);

//  Return the number of overdue rockets.
guint shard_overdue (const shard_t *self);

//  Return the rocket with an id, or NULL.
const rocket_t *shard_find (const shard_t *self, text_t id);

//  Return the number of rockets that are shown: all but the forgotten ones.
size_t shard_size (const shard_t *self);

//  Return the number of rockets of each status, by rocket_status_t: ROCKET_STATUSES numbers.
const size_t *shard_statuses (const shard_t *self);

//  Return the number of places; and the rocket at a place, NULL if the place is empty. A rocket
//  never changes its place.
size_t shard_places (const shard_t *self);
const rocket_t *shard_at (const shard_t *self, size_t place);

//  Forgotten rockets. A forgotten rocket ignores messages and is not shown; its id is saved. After
//  some time it ends: its next save removes it from the store, and then it leaves the memory. No
//  caller may hold a pointer to a rocket for REMEMBER_MIN_MS; lists end earlier.

#define FORGOTTEN_MAX 65536  //  in a partition; a further rocket is not forgotten
#define REMEMBER_MIN_MS 120000

typedef enum {
    FORGET_NO_ROCKET,  //  there is none
    FORGET_NO_ROOM,    //  FORGOTTEN_MAX rockets are remembered already
    FORGET_UNSAVED,    //  the rocket is forgotten, and that is not saved yet
    FORGET_SAVED,      //  the rocket is forgotten, and that is saved
} forget_t;

//  Forget a rocket. Time is in microseconds since 1970.
forget_t shard_forget (shard_t *self, text_t id, int64_t now_us);

//  Look at the next forgotten rockets, `most` at most: end those that were forgotten before a time,
//  and free those whose end is saved.
void shard_end_forgotten (shard_t *self, int64_t before_us, guint most);

//  Return the number of forgotten rockets.
guint shard_forgotten (const shard_t *self);

//  Look at the next places from *place on, `most` at most: mark exploded rockets as quiet, and
//  forget those that are quiet since the last sweep. Return the number of forgotten rockets. Set
//  *place to the next place; 0: the sweep is at its end.
guint shard_sweep (shard_t *self, size_t *place, size_t most, int64_t now_us);

//  Rows of the rockets, for lists (rocket_columns.h). The first list that looks at all rockets
//  makes the missing rows.

//  Return true if every rocket has a row.
bool shard_has_rows (const shard_t *self);

//  Make the rows of the places from first up to end. From now on each row follows its rocket.
void shard_make_rows (shard_t *self, size_t first, size_t end);

//  Note that the rows of all places are made.
void shard_end_rows (shard_t *self);

//  Show a selection the rockets at the places from first up to end, except those that cannot be
//  among its first. Every rocket must have a row. Return false, and show nothing, if rows cannot
//  serve this list: then show the selection all rockets.
bool shard_show (shard_t *self, selection_t *selection, size_t first, size_t end)
    __attribute__ ((warn_unused_result));

//  Return the leaders of this shard, borrowed.
leaders_t *shard_leaders (const shard_t *self);

#endif
