//  The positions of a state (common/domain/position.h). A move keeps them if the layout stays and
//  the user does not drop them for another feed. Under another layout, a partition of the target
//  has rockets of several partitions of the source, so the positions would mean nothing.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_POSITIONS_H
#define DOWNLINK_POSITIONS_H

#include "move/move_end.h"

//  Return the number of partitions that have a position. They must be taken.
uint32_t positions_count (move_end_t *end);

//  Save the positions of the source in the target, whose layout is the same and whose rockets are
//  saved. All partitions of both are taken. Return false on failure; then the log says why.
bool positions_carry (move_end_t *from, move_end_t *to) __attribute__ ((warn_unused_result));

//  Return true if the target has the positions of the source, or none if are_kept is false;
//  otherwise the log names the partition. All partitions of both are taken, those of the target
//  after the positions were saved.
bool positions_verify (move_end_t *from, move_end_t *to, bool are_kept)
    __attribute__ ((warn_unused_result));

#endif
