//  The limit of open files and sockets of the process.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DESCRIPTORS_H
#define DOWNLINK_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

//  The number that a server needs to start: its sockets and files, and some connections.
#define DESCRIPTORS_MIN 128

//  Raise the limit as far as the system allows, and return it.
uint64_t descriptors_raise (void);

//  For a command-line program: raise the limit. If it is below the needed number, write a sentence
//  to standard error and return false: the libraries abort if they get no descriptor.
bool descriptors_suffice (const char *program, uint64_t needed);

#endif
