//  SIGUSR1 as a descriptor. With this signal an operator asks a server to log the state of its
//  loops.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STATE_SIGNAL_H
#define DOWNLINK_STATE_SIGNAL_H

#include <stdbool.h>

//  Block SIGUSR1 in all threads and return a descriptor that becomes readable when it arrives.
//  Return -1 with errno set on failure. Call once in main, before any thread exists.
int state_signal_open (void);

//  Take the signals that have arrived. Return true if the state should be logged, at most once a
//  second; signals in between are ignored.
bool state_signal_take (int fd);

#endif
