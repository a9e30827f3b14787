//  The signals that stop a program, as a descriptor for a loop: SIGTERM, SIGINT, and SIGHUP, which
//  a terminal sends when it closes. Other signals that would end the process are ignored, except
//  SIGQUIT and the signals of crashes.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STOP_SIGNALS_H
#define DOWNLINK_STOP_SIGNALS_H

//  Block the stopping signals in all threads, ignore the others, and return a descriptor that
//  becomes readable when a stopping signal arrives. Return -1 with errno set on failure. Call once
//  in main, before any thread exists. A SIGHUP that is already ignored (nohup) stays ignored.
int stop_signals_open (void);

//  Let a second SIGTERM or SIGINT end the process at once, and ignore SIGHUP.
void stop_signals_release (void);

#endif
