//  The files of a state directory that describe the state as a whole:
//
//    partitions   P, a number
//    identity     "uuid" and "ordering", a line each
//
//  A processor writes both when the directory is new. A directory of a release without the identity
//  gets one at the next start. If several processors start at once, the lock lets one of them
//  decide.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STATE_FILES_H
#define DOWNLINK_STATE_FILES_H

#include "processor/save/store.h"

//  Open the directory, or make it with *traits. Set *traits to those of the state. Return false if
//  the directory cannot be used or has another ordering; then the log says why.
bool state_files_open (const char *directory, state_traits_t *traits)
    __attribute__ ((warn_unused_result));

#endif
