//  One partition: its rockets, the epoch it is owned under, and what changed since it was last
//  saved. The processor's thread owns every shard.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SHARD_H
#define DOWNLINK_SHARD_H

#include <glib.h>

#include "common/bytes/announcement.h"
#include "common/domain/rocket.h"
#include "processor/shard/acks.h"
#include "processor/shard/leaders.h"

typedef struct shard shard_t;

//  An empty shard. The pool is borrowed: all shards of a process share one.
shard_t *shard_new (owned_t owned, ordering_t ordering, text_pool_t *pool);

void shard_destroy (shard_t **self_p);

//  From now on it is leaving: it takes in nothing more and is not announced, but is still saved. It never
//  comes back: who is to have the partition again takes it under a new epoch. So under one epoch every
//  frame that arrives is taken in.
void shard_leave (shard_t *self);
bool shard_is_leaving (const shard_t *self);

//  The partition and its epoch.
owned_t shard_owned (const shard_t *self);

//  Put a rocket in as it was stored. False if it contradicts itself, or is there already.
bool shard_restore (shard_t *self, const rocket_view_t *view) __attribute__ ((warn_unused_result));

//  Fold a message of this partition in; its rocket is made if it is the first.
fold_t shard_fold (shard_t *self, const message_t *message);

//  How many messages were folded in so far, duplicates too; and how many of those are saved.
uint64_t shard_folded (const shard_t *self);
uint64_t shard_saved (const shard_t *self);

//  The frames that were folded in since the last burst began (see below): they are added here.
acks_t *shard_acks (shard_t *self);

//  True if there is something to save, or something to acknowledge.
bool shard_is_changed (const shard_t *self);

//  Saving. What changed becomes a burst, which is saved piece by piece; what changes meanwhile is of
//  the next one, or if its turn in this one has not come yet, of both: it is saved as it is then.

//  Begin the save of a piece: of so many rockets at most, as copies (of rocket_view_t *), the
//  caller's. It ends with one of the next two.
GPtrArray *shard_take_changes (shard_t *self, guint most);

//  They were saved. If that was the last piece of its burst, what may be acknowledged now is added.
void shard_end_save (shard_t *self, acks_t *acks);

//  Add the last frame that was saved of each source, to be acknowledged again.
void shard_repeat_acks (const shard_t *self, acks_t *acks);

//  They could not be saved: all that is left of the burst is changes again, and its acks wait for them.
void shard_put_back (shard_t *self);

//  Updates. A rocket that was saved is noted; from time to time those noted become due, and each is
//  told once, in its newest saved state.

//  The change with this index in the piece was saved; to be called before the save ends. True if the
//  rocket is overdue: it is to be told now, from the copy, as it may have changed since.
bool shard_note_saved (shard_t *self, guint index);

//  The same, of a change that nobody wants to hear of: the rocket is not noted, nor overdue any more.
bool shard_pass_over_saved (shard_t *self, guint index);

//  Those noted until now are due, if none is any more. True if there are some that are.
bool shard_make_due (shard_t *self);

//  Take the next rocket that is due; false if there is none. *rocket is NULL if it is not as it was
//  saved: it is overdue then, at its next save.
bool shard_next_due (shard_t *self, const rocket_t **rocket);

//  How many are overdue.
guint shard_overdue (const shard_t *self);

//  The rocket of that id, or NULL.
const rocket_t *shard_find (const shard_t *self, text_t id);

//  How many rockets there are.
size_t shard_size (const shard_t *self);

//  Return the rocket at a place below the size. A rocket keeps its place for as long as the shard lives.
const rocket_t *shard_at (const shard_t *self, size_t place);

//  The best rockets by the orders that are asked for, borrowed.
leaders_t *shard_leaders (const shard_t *self);

#endif
