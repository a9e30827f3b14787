//  SPDX-License-Identifier: Apache-2.0
#include "common/process/clock.h"

#include <time.h>

static int64_t
s_read_us (clockid_t clock)
{
    struct timespec now;
    clock_gettime (clock, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_ms (void)
{
    return clock_us () / 1000;
}

int64_t
clock_us (void)
{
    return s_read_us (CLOCK_MONOTONIC);
}

int64_t
clock_wall_us (void)
{
    return s_read_us (CLOCK_REALTIME);
}
