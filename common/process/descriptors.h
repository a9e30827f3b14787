//  How many files and sockets the process may have open.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DESCRIPTORS_H
#define DOWNLINK_DESCRIPTORS_H

#include <stdint.h>

//  Raise the limit as far as the system allows. Returns what it is now.
uint64_t descriptors_raise (void);

#endif
