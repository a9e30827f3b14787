//  What a state directory says of the state as a whole, beside the files of its partitions:
//
//    partitions   P, a number
//    identity     "uuid" and "ordering", a line each
//
//  Both are written when the directory is new; one that is older than the identity gets it at its next
//  start. Of several processors that start at once, one decides.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STATE_FILES_H
#define DOWNLINK_STATE_FILES_H

#include "processor/save/store.h"

//  Make the directory if it is not there. *traits are what a new one gets, and become what this one has.
//  False if it cannot be used, or has another ordering; then the log says why.
bool state_files_open (const char *directory, state_traits_t *traits)
    __attribute__ ((warn_unused_result));

#endif
