//  The journal of a worker, written by a thread of its own, a round at a time: what the loop took
//  in while the last round was committed is the next one. So a commit is shared by all that came
//  during the one before it, and the loop never waits for the disk.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JOURNAL_H
#define DOWNLINK_JOURNAL_H

#include "gateway/journal/journal_file.h"
#include "gateway/journal/journal_slots.h"

//  A frame that is wanted back: its bytes are read, and belong to the caller then.
typedef struct {
    uint64_t sequence;
    uint8_t *bytes;
    size_t size;
} journal_fetch_t;

typedef struct {
    journal_change_t change;  //  no array is NULL; the records are borrowed until the round is done
    GArray *fetched;          //  of journal_fetch_t
    bool is_trial;            //  try to write the journal even without a change
    file_result_t result;     //  FILE_FAILED: nothing was changed; fetched is complete
    bool is_disk_full;        //  FILE_FAILED: because the disk has no room
} journal_round_t;

journal_round_t *journal_round_new (void);

//  Bytes that were fetched and not taken are freed too.
void journal_round_destroy (journal_round_t **self_p);

typedef struct journal journal_t;

//  A journal in a slot, which is taken. NULL if it cannot be; then the log says why.
journal_t *journal_new (slot_t *slot, bool is_synced);

//  Ends when the round under way is done. The slot is removed if is_empty, else left to whoever
//  takes it over.
void journal_destroy (journal_t **self_p, bool is_empty);

//  Readable when a round is done.
int journal_fd (const journal_t *self);

bool journal_is_idle (const journal_t *self);

//  Write a round. Only when idle; the round is taken.
void journal_submit (journal_t *self, journal_round_t **round);

//  The round, if it is done: the caller's.
journal_round_t *journal_done (journal_t *self);

//  The round once it is done, however long that takes; NULL if there is none.
journal_round_t *journal_wait (journal_t *self);

//  Return false if the disk has so little room left that nothing should be added. Looks every 20 ms
//  at most, and logs when the room goes and when it is back.
bool journal_has_room (journal_t *self);

#endif
