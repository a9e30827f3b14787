//  A move: put all rockets of one state into a new state, in another store or with another layout.
//
//    1. hold the source: no processor uses it, and none can take a partition
//    2. make the target with the mark `unfinished`, and hold it
//    3. carry the rockets, then the positions
//    4. read the target back: the same number of rockets, the same sum of checksums,
//       the same positions
//    5. mark the source as moved, then take the mark off the target
//
//  A process that dies in between leaves a mark on the target, so no processor starts on it. In the
//  middle of step 5 both states are marked. So processors never use both states at once.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MOVE_H
#define DOWNLINK_MOVE_H

#include "processor/choose_store.h"

typedef struct {
    store_choice_t from;
    store_choice_t to;
    uint32_t partitions;  //  of the target; 0: as many as the source has
    partitioner_t partitioner;
    bool has_partitioner;        //  false: the target gets that of the source
    bool is_dropping_positions;  //  the target begins at the first record of its feed
    bool is_replacing;           //  refill a target that an earlier move has left unfinished
} move_plan_t;

//  Run a move. Print a summary on standard output. Return false on failure; then the log says why.
bool move_run (const move_plan_t *plan) __attribute__ ((warn_unused_result));

//  Take the mark `moved` off a state.
bool move_undo (const store_choice_t *choice) __attribute__ ((warn_unused_result));

#endif
