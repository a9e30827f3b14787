//  Named places where a test can end or delay the process: what is durable at that moment must be
//  enough. Compiled only into builds with tests (DOWNLINK_FAILPOINTS); a release has none of it.
//
//    DOWNLINK_FAILPOINTS="journal-after-commit=exit@3,push-before=sleep:200"
//
//  ends the process (status 137, as after SIGKILL) at the third pass of the first, and waits 200 ms
//  at every pass of the second.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FAILPOINT_H
#define DOWNLINK_FAILPOINT_H

//  Do what the environment says for this name. Any thread may pass.
void failpoint_pass (const char *name);

#ifdef DOWNLINK_FAILPOINTS
#define FAILPOINT(name) failpoint_pass (name)
#else
#define FAILPOINT(name) ((void) 0)
#endif

#endif
