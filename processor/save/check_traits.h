//  Compare the flags with the traits of an existing state.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CHECK_TRAITS_H
#define DOWNLINK_CHECK_TRAITS_H

#include "common/domain/state_traits.h"

//  Return true if a processor with the wanted traits may start on an existing state; otherwise the
//  log says why not. Log a warning if the wanted P differs. Accept all traits for a move. In the
//  log, `where` names the state and `from` the place of its P.
bool check_traits (const state_traits_t *existing, const state_traits_t *wanted, const char *where,
    const char *from) __attribute__ ((warn_unused_result));

//  Log a warning if the state has another partition function than the wanted one.
void check_partitioner (partitioner_t existing, partitioner_t wanted);

//  Return true if the mark is still the one that the state had when it was opened; else the log
//  says so.
bool check_mark (const state_mark_t *mark, const state_mark_t *opened, const char *where)
    __attribute__ ((warn_unused_result));

#endif
