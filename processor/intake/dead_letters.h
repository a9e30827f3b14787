//  The part that the dead letters of all buses share: bounds on the letters that wait for their
//  delivery, and a pause after a letter that failed. The structure for the letters of a bus begins
//  with a dead_letters_t. The processor's thread owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DEAD_LETTERS_H
#define DOWNLINK_DEAD_LETTERS_H

#include "processor/shard/shards.h"

#define DEAD_LETTERS_MAX 4096
#define DEAD_LETTERS_MAX_BYTES ((uint64_t) 16 * 1024 * 1024)

typedef struct {
    const char *place;  //  the topic or queue where they go; borrowed
    uint64_t max;       //  letters that may wait; beyond it the source reads no more
    uint64_t waiting;   //  letters that are not delivered
    uint64_t bytes;     //  of their bodies
    int64_t retry_at_ms;
    int64_t logged_ms;
} dead_letters_t;

//  Count a letter that begins to wait, and a letter that no longer waits.
void dead_letters_add (dead_letters_t *self, size_t bytes);
void dead_letters_remove (dead_letters_t *self, size_t bytes);

//  Log that the bus did not take a letter, and begin a pause.
void dead_letters_fail (dead_letters_t *self, const char *reason);

//  Return true during the pause after a failure.
bool dead_letters_are_resting (const dead_letters_t *self);

//  Return true if so many letters wait that the source must not read on. Return false for NULL: no
//  letters are sent.
bool dead_letters_are_full (const dead_letters_t *self);

//  Return the number of letters that wait for their delivery.
uint64_t dead_letters_waiting (const dead_letters_t *self);

//  Return true if a source must not read on for now: too many messages are unsaved
//  (SOURCE_UNSAVED_MAX), or too many letters wait.
bool dead_letters_hold_up (const dead_letters_t *self, const shards_t *shards);

#endif
