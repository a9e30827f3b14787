//  The files of a state directory that describe the state as a whole:
//
//    partitions   P, a number
//    identity     lines: "uuid"; "ordering"; "partitioner" (xxh3 if it is missing); "ancestors" if
//                 the state was moved to this directory; "mark" if downlink-move has marked it
//
//  A processor writes both files when the directory is new. A directory of a release that had no
//  identity gets one at the next start. If several processors start at once, the lock lets one of
//  them decide.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STATE_FILES_H
#define DOWNLINK_STATE_FILES_H

#include "processor/save/store.h"

//  Open the directory, or make it with *traits. Set *traits to those of the state. Return false if
//  the directory cannot be used or has another ordering; then the log says why.
bool state_files_open (const char *directory, state_traits_t *traits)
    __attribute__ ((warn_unused_result));

//  Replace the mark of the state. Return false if it cannot be written; then the log says why.
bool state_files_mark (const char *directory, const state_mark_t *mark)
    __attribute__ ((warn_unused_result));

//  Return TAKE_DONE if the state still has the mark with which it was opened, TAKE_MOVED if not,
//  and TAKE_FAILED if that cannot be read. The log says why.
take_t state_files_check_mark (const char *directory, const state_mark_t *opened)
    __attribute__ ((warn_unused_result));

#endif
