//  The changes of a partition on their way to the store: changed rockets, frames that wait for
//  their acks, and the position in a feed. The processor's thread owns them.
//
//  The changed rockets become a burst, which is saved in pieces. A rocket that changes after its
//  piece was taken belongs to the next burst. A rocket that changes before its piece is taken is
//  saved with that change.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CHANGES_H
#define DOWNLINK_CHANGES_H

#include <glib.h>

#include "common/domain/position.h"
#include "processor/shard/acks.h"
#include "processor/shard/rocket_table.h"

typedef struct changes changes_t;

//  Make an object without changes. The table of the rockets is borrowed.
changes_t *changes_new (const rocket_table_t *rockets);

void changes_destroy (changes_t **self_p);

//  Return true if a rocket has changed since its last save, or is in the save in progress.
bool changes_have (const rocket_t *rocket);

//  Note that a message was folded, and that a rocket has changed.
void changes_count (changes_t *self);
void changes_note (changes_t *self, rocket_t *rocket);

//  Return the number of messages folded so far, duplicates too; and how many of them are saved. A
//  message that changed nothing counts as saved when the changes before it are saved.
uint64_t changes_folded (const changes_t *self);
uint64_t changes_saved (const changes_t *self);

//  Return the number of messages that are folded and not saved.
uint64_t changes_unsaved (const changes_t *self);

//  Return the acks of the frames folded since the last burst began, borrowed. The caller adds each
//  frame that it folds.
acks_t *changes_acks (changes_t *self);

//  Return true if no rocket waits for its save, and no frame for its ack.
bool changes_are_none (const changes_t *self);

//  Positions. A source that reads a feed sets the position as it folds: all records before the
//  position are folded. The stored position must never be ahead of the stored rockets, so it is
//  saved with the last piece of the burst that has all changes before it.

//  Set the stored position, after the rockets are restored.
void changes_restore_position (changes_t *self, const position_t *position);

//  Set the position: everything before it is folded. It may also go back.
void changes_set_position (changes_t *self, const position_t *position);

//  Set *position to the position that was set last. Return false if there is none.
bool changes_position (const changes_t *self, position_t *position);

//  Return true if the position differs from the stored position.
bool changes_have_moved (const changes_t *self);

//  Begin to save a piece of at most `most` rockets. Return copies of them (rocket_view_t *), which
//  the caller frees. changes_end_save or changes_put_back ends the save. The row of a rocket follows
//  from its place, so it never changes; a new rocket gets the row of a rocket that is gone, or the
//  next row.
GPtrArray *changes_take (changes_t *self, guint most);

//  Set *position to the position to store in the same transaction as the piece that was taken.
//  Return false if there is none: more pieces of the burst follow, or the position is stored
//  already.
bool changes_take_position (const changes_t *self, position_t *position);

//  Return the rocket with this index in the piece that was taken, until the save ends.
rocket_t *changes_taken (const changes_t *self, guint index);

//  End a save that succeeded. After the last piece of a burst, move its acks to acks.
void changes_end_save (changes_t *self, acks_t *acks);

//  End a save that failed. The rest of the burst becomes changes again, and its acks wait for them.
void changes_put_back (changes_t *self);

//  Add the last saved frame of each source to acks, to acknowledge it again.
void changes_repeat_acks (const changes_t *self, acks_t *acks);

#endif
