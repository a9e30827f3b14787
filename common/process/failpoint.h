//  Named places where a test can end or delay the process, to check that its files are enough to
//  recover. Only builds with tests have failpoints (DOWNLINK_FAILPOINTS); a release has none.
//
//    DOWNLINK_FAILPOINTS="journal-after-commit=exit@3,push-before=sleep:200"
//
//  ends the process (status 137, as after SIGKILL) when it passes the first failpoint for the third
//  time, and waits 200 ms whenever it passes the second.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FAILPOINT_H
#define DOWNLINK_FAILPOINT_H

//  End or delay the process if the environment says so for this name. Any thread may call it.
void failpoint_pass (const char *name);

#ifdef DOWNLINK_FAILPOINTS
#define FAILPOINT(name) failpoint_pass (name)
#else
#define FAILPOINT(name) ((void) 0)
#endif

#endif
