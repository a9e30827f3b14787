//  Two clocks: a clock that never goes back, for deadlines, and the time of day, for people.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CLOCK_H
#define DOWNLINK_CLOCK_H

#include <stdint.h>

//  Return the time since an unknown point in the past, in milliseconds and in microseconds.
int64_t clock_ms (void);
int64_t clock_us (void);

//  Return the microseconds since 1970, UTC, by the clock of the machine. It may jump.
int64_t clock_wall_us (void);

#endif
