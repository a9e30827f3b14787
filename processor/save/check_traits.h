//  Compares the flags with the traits of a state that exists.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CHECK_TRAITS_H
#define DOWNLINK_CHECK_TRAITS_H

#include "common/domain/state_traits.h"

//  Set *partitions to the number of an existing state. Log a warning if it was another one. where
//  names the state in the log.
void check_partitions (uint32_t *partitions, uint32_t existing, const char *where);

//  Return true if the state has the wanted ordering; else the log says why not.
bool check_ordering (ordering_t existing, ordering_t wanted, const char *where)
    __attribute__ ((warn_unused_result));

#endif
