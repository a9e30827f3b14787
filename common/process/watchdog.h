//  Ends the process when one of its loops hangs: its locks come free, so that another can take over,
//  and whoever watches it can start it again. The process has one watchdog, as it has one log.
//
//  A thread of its own looks at every loop, and counts looks at which nothing has moved. It takes
//  LOOKS of them in a row; a process that is stopped (SIGSTOP, a debugger, a suspended machine) does
//  not look either, so a pause is never taken for a hang. It says so to systemd, too (notify.h).
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WATCHDOG_H
#define DOWNLINK_WATCHDOG_H

#include <stdint.h>

#define WATCHDOG_MIN_MS 2000

//  Start to look. limit_ms: how long a loop may stand still, at least WATCHDOG_MIN_MS; 0: for ever,
//  and then only systemd is told, if it asks for it.
void watchdog_start (uint64_t limit_ms);

//  Look no more. Loops need not have rested.
void watchdog_stop (void);

//  The loop of this thread turns; from the first call on it is watched. To be called at every turn, at
//  least once a second. name is kept.
void watchdog_feed (const char *name);

//  The loop of this thread does something that may take its time, or is over: it is not watched
//  until it feeds again.
void watchdog_rest (void);

#endif
