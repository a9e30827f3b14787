//  A partition in memory: its rockets, the epoch of its ownership, the changes since the last save
//  (changes.h), and the rockets whose updates are not published yet (untold.h). The processor's
//  thread owns every shard.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SHARD_H
#define DOWNLINK_SHARD_H

#include <glib.h>

#include "common/bytes/announcement.h"
#include "common/domain/rocket.h"
#include "processor/shard/changes.h"
#include "processor/shard/leaders.h"
#include "processor/shard/untold.h"

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

//  Return what is to be saved, and what is to be published; both borrowed.
changes_t *shard_changes (const shard_t *self);
untold_t *shard_untold (const shard_t *self);

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
