//  Make the keys of an installation, for gateways, processors and downlink-query, and the list of
//  their rights. All gateways share a key, and so do all processors, so they scale without a
//  further step; to tell them apart, add keys and lines.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KEY_MAKER_H
#define DOWNLINK_KEY_MAKER_H

#include "curve/key_directory.h"

//  Make the keys in a directory; create it with mode 0700 if it does not exist. Refuse to overwrite
//  a file. Return false on failure; then fault says why.
bool key_maker_run (const char *path, char fault[KEY_DIRECTORY_FAULT_SIZE])
    __attribute__ ((warn_unused_result));

//  Make the keys if the directory, which key_directory_check has accepted, is empty. If several
//  processes start at once, one makes the keys and the others wait; a process that starts completes
//  the work of one that was killed. Return false on failure; then fault says why.
bool key_maker_fill (const char *path, bool *is_filled, char fault[KEY_DIRECTORY_FAULT_SIZE])
    __attribute__ ((warn_unused_result));

#endif
