//  The signals that stop a program, as a descriptor for a loop: SIGTERM, SIGINT, and SIGHUP, which
//  a terminal sends when it closes. Other signals that would end the process are ignored, except
//  SIGQUIT and the signals of crashes.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STOP_SIGNALS_H
#define DOWNLINK_STOP_SIGNALS_H

#include <stdbool.h>

//  Block the stopping signals in all threads, ignore the others, and return a descriptor that
//  becomes readable when a stopping signal arrives. Return -1 with errno set on failure. Call once
//  in main, before any thread exists. A SIGHUP that is already ignored (nohup) stays ignored.
int stop_signals_open (void);

//  For a program that reads files again at SIGHUP instead of stopping: return a descriptor that
//  becomes readable then, also under nohup. Return -1 with errno set on failure. Call it before
//  stop_signals_open, which leaves SIGHUP alone then.
int stop_signals_open_reload (void);

//  Take the SIGHUPs that have arrived at this descriptor. Return true if there are any.
bool stop_signals_take_reload (int fd);

//  Let a second SIGTERM or SIGINT end the process at once, and ignore SIGHUP.
void stop_signals_release (void);

#endif
