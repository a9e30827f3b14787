//  The two clocks: one that only goes forward, for deadlines, and the time of day, for people.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CLOCK_H
#define DOWNLINK_CLOCK_H

#include <stdint.h>

//  Milliseconds and microseconds since some point in the past; never goes back.
int64_t clock_ms (void);
int64_t clock_us (void);

//  Microseconds since 1970, UTC, as the machine believes.
int64_t clock_wall_us (void);

#endif
