//  SPDX-License-Identifier: Apache-2.0
#include "move/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "common/process/clock.h"
#include "common/process/log.h"

#define INTERVAL_MS 1000

void
progress_begin (progress_t *self)
{
    int64_t now_ms = clock_ms ();
    *self = (progress_t){
        .is_terminal = isatty (STDERR_FILENO), .started_ms = now_ms, .shown_ms = now_ms};
}

void
progress_show (
    progress_t *self, const char *step, uint32_t partition, uint32_t partitions, uint64_t rockets)
{
    if (!log_is_due (&self->shown_ms, INTERVAL_MS))
        return;
    double rate = (double) rockets / progress_seconds (self);
    if (self->is_terminal)
        fprintf (stderr, "\r%s: partition %u of %u, %llu rockets, %.0f/s   ", step, partition + 1,
            partitions, (unsigned long long) rockets, rate);
    else
        log_event (LOG_INFO, step, "partition=%u of=%u rockets=%llu seconds=%.0f", partition,
            partitions, (unsigned long long) rockets, progress_seconds (self));
    self->has_line = self->is_terminal;
}

void
progress_end (progress_t *self)
{
    if (self->has_line)
        fprintf (stderr, "\n");
    self->has_line = false;
}

double
progress_seconds (const progress_t *self)
{
    return (double) (clock_ms () - self->started_ms + 1) / 1000;
}
