//  The journal of a worker. It is written in rounds: messages that arrive during one commit make up
//  the next round, and share its commit.
//
//  While the disk is quick, the worker's loop writes small rounds itself: handing a round to
//  another thread and back takes two wake-ups, which last longer than a quick commit. After a slow
//  commit the journal's thread writes the rounds, so a disk that stalls delays at most one turn of
//  the loop.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JOURNAL_H
#define DOWNLINK_JOURNAL_H

#include "gateway/journal/journal_file.h"
#include "gateway/journal/slot.h"

//  A frame to read back. The caller owns the bytes.
typedef struct {
    uint64_t sequence;
    uint8_t *bytes;
    size_t size;
} journal_fetch_t;

typedef struct {
    journal_change_t change;  //  no array is NULL; records are borrowed until the round is done
    GArray *fetched;          //  of journal_fetch_t
    bool is_trial;            //  write even without a change, to see if the journal works again
    file_result_t result;     //  FILE_FAILED: nothing changed; fetched is complete
    bool is_disk_full;        //  the reason of FILE_FAILED is a full disk
    int64_t took_us;          //  the time that the write took
} journal_round_t;

journal_round_t *journal_round_new (void);

//  Free a round, with fetched bytes that the caller did not take.
void journal_round_destroy (journal_round_t **self_p);

typedef struct journal journal_t;

//  Open the journal in a slot. Take the slot. Return NULL on failure; then the log says why.
journal_t *journal_new (slot_t *slot, bool is_synced);

//  Wait for the current round and close the journal. Remove the slot if is_empty; otherwise another
//  gateway inherits it.
void journal_destroy (journal_t **self_p, bool is_empty);

//  Return a descriptor that is readable when a round is done.
int journal_fd (const journal_t *self);

bool journal_is_idle (const journal_t *self);

//  Write a round, and take it. Return the round if it is written already, or NULL if the thread
//  writes it. Call this only while the journal is idle.
journal_round_t *journal_submit (journal_t *self, journal_round_t **round)
    __attribute__ ((warn_unused_result));

//  Return the round if it is done, else NULL. The caller owns it.
journal_round_t *journal_done (journal_t *self);

//  Wait until the round is done and return it. Return NULL if there is none.
journal_round_t *journal_wait (journal_t *self);

//  Return false if the disk has too little room to add frames. Look at the disk at most every 20
//  ms, and log when the room ends and when there is room again.
bool journal_has_room (journal_t *self);

#endif
