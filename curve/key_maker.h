//  Makes the keys of an installation: of gateways, of processors and of downlink-query, and the list
//  of their rights. All gateways share a key, and so do all processors, so they can be scaled
//  without a step; to tell them apart, add keys and lines.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KEY_MAKER_H
#define DOWNLINK_KEY_MAKER_H

#include "curve/key_directory.h"

//  Make the keys in a directory, which is made with mode 0700 if it is not there. Nothing in it
//  changes: a file that is there is refused. Return false on failure; then fault says why.
bool key_maker_run (const char *path, char fault[KEY_DIRECTORY_FAULT_SIZE])
    __attribute__ ((warn_unused_result));

//  Make the keys if the directory is empty. It was checked (key_directory_check). One of several
//  processes that start at once does it, the others wait; and one that starts goes on where another
//  one was killed. Return false on failure; then fault says why.
bool key_maker_fill (const char *path, bool *is_filled, char fault[KEY_DIRECTORY_FAULT_SIZE])
    __attribute__ ((warn_unused_result));

#endif
