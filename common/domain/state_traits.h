//  The traits that a state keeps for good, and its mark. Flags determine the traits of a new state;
//  an existing state keeps its own.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STATE_TRAITS_H
#define DOWNLINK_STATE_TRAITS_H

#include "common/domain/partition.h"
#include "common/domain/rocket.h"
#include "common/domain/state_ancestors.h"
#include "common/domain/state_mark.h"

typedef struct {
    state_id_t id;              //  random, made with the state
    uint32_t partitions;        //  P; a flag with another number is ignored
    partitioner_t partitioner;  //  likewise
    ordering_t ordering;        //  a flag with another one is refused
    state_ancestors_t ancestors;
    state_mark_t mark;
    bool is_new;  //  the store sets this if it has made the state
} state_traits_t;

//  Return true if these are the wanted traits of a move, which judges the traits of the state
//  itself: P is 0, so that the state must exist, or there is a mark.
bool state_traits_are_for_move (const state_traits_t *self);

layout_t state_traits_layout (const state_traits_t *self);

//  Return "converge" or "latest".
const char *ordering_name (ordering_t ordering);

//  Set *ordering to the ordering with this name. Return false for an unknown name.
bool ordering_of (text_t name, ordering_t *ordering) __attribute__ ((warn_unused_result));

#endif
