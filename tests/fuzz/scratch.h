//  A folder of a fuzz target that must have real files: SQLite opens logs beside them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FUZZ_SCRATCH_H
#define DOWNLINK_FUZZ_SCRATCH_H

#include "common/text/text.h"

//  Return the path of the folder, which is made at the first call and removed when the program
//  exits.
const char *scratch_folder (void);

//  Write a file of the folder. Return its path, which the caller frees with g_free.
char *scratch_write (const char *name, text_t bytes);

//  Remove a file of the folder, if it is there.
void scratch_remove (const char *name);

#endif
