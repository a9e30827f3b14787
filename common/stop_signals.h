//  SIGTERM and SIGINT as a descriptor that a loop can wait for.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STOP_SIGNALS_H
#define DOWNLINK_STOP_SIGNALS_H

//  Once in main, before any thread is made: block both in all threads, ignore SIGPIPE, and return a
//  descriptor that becomes readable when one has come; -1 with errno set if that cannot be.
int stop_signals_open (void);

//  From now on a second signal ends the process at once.
void stop_signals_release (void);

#endif
