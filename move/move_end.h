//  One end of a move: a store and its ownership. The move is a member of the state and holds every
//  partition, so no processor uses the store or starts on it meanwhile. Each failure is logged with
//  its reason. The main thread owns an end.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MOVE_END_H
#define DOWNLINK_MOVE_END_H

#include "move/progress.h"
#include "processor/choose_store.h"

typedef struct {
    store_choice_t choice;
    char place[STATE_PLACE_SIZE];  //  for people
    state_traits_t traits;
    store_t *store;
    ownership_t *ownership;
    uint64_t epochs[PARTITIONS_MAX];
} move_end_t;

//  Open the store with the wanted traits (store.h). Zeroed memory is a closed end.
bool move_end_open (move_end_t *self, const store_choice_t *choice, const state_traits_t *wanted)
    __attribute__ ((warn_unused_result));

//  Hold every partition. Refuse a store with other members; wait a moment for members that died.
bool move_end_hold (move_end_t *self) __attribute__ ((warn_unused_result));

//  Take a partition, and pass all its rockets to the function `rocket`. Between two pieces call
//  `between`, which returns false to stop. Fail also if the stop descriptor becomes readable.
typedef bool (move_between_fn) (void *context);
bool move_end_read (move_end_t *self, uint32_t partition, store_rocket_fn *rocket,
    move_between_fn *between, void *context) __attribute__ ((warn_unused_result));

//  Save rockets of a partition that was read, and its position unless position is NULL. Wait while
//  the store is away.
bool move_end_save (move_end_t *self, uint32_t partition, rocket_view_t *const *rockets,
    size_t count, const position_t *position) __attribute__ ((warn_unused_result));

//  Release all partitions of the store, to read them again. The move still holds their locks.
void move_end_release (move_end_t *self);

//  Return true if the user wants to stop.
bool move_end_is_stopped (const move_end_t *self);

//  Close the store and stop holding it.
void move_end_close (move_end_t *self);

#endif
