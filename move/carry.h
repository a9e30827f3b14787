//  Carry all rockets from one end of a move to the other. Each rocket goes to its partition under
//  the target's layout. Each partition of the target has an open batch. When the rockets in memory
//  reach a bound, the largest batch is saved, so memory is bounded and saves are large.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CARRY_H
#define DOWNLINK_CARRY_H

#include "move/move_end.h"
#include "move/tally.h"

//  Read all partitions of `from` and save their rockets in `to`, whose partitions are taken. Set
//  *tally to the rockets that were read. Return false on failure; then the log says why.
bool carry_all (move_end_t *from, move_end_t *to, progress_t *progress, tally_t *tally)
    __attribute__ ((warn_unused_result));

//  Read all partitions of an end and set *tally. Fail if a rocket is in a wrong partition.
bool carry_count (move_end_t *end, const char *step, progress_t *progress, tally_t *tally)
    __attribute__ ((warn_unused_result));

#endif
