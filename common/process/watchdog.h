//  End the process when one of its loops hangs. Then its locks come free, another process can take
//  over, and a supervisor can start it again. A process has one watchdog, as it has one log.
//
//  The watchdog's thread checks every loop, and counts the checks in a row without progress. In a
//  paused process (SIGSTOP, a debugger, a suspended machine) this thread is paused too, so a pause
//  never counts as a hang. The thread also tells systemd that the loops turn (notify.h).
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WATCHDOG_H
#define DOWNLINK_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#define WATCHDOG_MIN_MS 2000

//  Start the thread. A loop may make no progress for limit_ms, at least WATCHDOG_MIN_MS; 0: for
//  ever. Then the thread only tells systemd that loops turn, if systemd asks for that. Return false
//  if the thread cannot be started; then the log says why.
bool watchdog_start (uint64_t limit_ms) __attribute__ ((warn_unused_result));

//  Stop the thread. Loops may go on turning.
void watchdog_stop (void);

//  Note that the loop of the calling thread turns. The first call starts the watch. Call it in
//  every turn, at least once a second. name must stay valid.
void watchdog_feed (const char *name);

//  Pause the watch of the calling thread's loop until the loop feeds again. Call this before slow
//  work and at the end of the loop.
void watchdog_rest (void);

#endif
