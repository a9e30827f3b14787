//  The traits that a state keeps for good. Flags give those of a new state; an existing state has
//  its own.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STATE_TRAITS_H
#define DOWNLINK_STATE_TRAITS_H

#include "common/domain/rocket.h"
#include "common/domain/state_id.h"

typedef struct {
    state_id_t id;        //  random, made with the state
    uint32_t partitions;  //  P; a flag with another number is ignored
    ordering_t ordering;  //  a flag with another one is refused
} state_traits_t;

//  Return "converge" or "latest".
const char *ordering_name (ordering_t ordering);

//  Set *ordering to the one of that name. Return false for an unknown name.
bool ordering_of (text_t name, ordering_t *ordering) __attribute__ ((warn_unused_result));

#endif
