//  The progress of a move, shown each second: in one line of a terminal, else as a line of the log.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PROGRESS_H
#define DOWNLINK_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    bool is_terminal;
    bool has_line;  //  the terminal shows an unfinished line
    int64_t started_ms;
    int64_t shown_ms;
} progress_t;

//  Begin, now.
void progress_begin (progress_t *self);

//  Show how far a step is, at most once a second: its partition of so many, and rockets so far.
void progress_show (
    progress_t *self, const char *step, uint32_t partition, uint32_t partitions, uint64_t rockets);

//  End the line of a terminal, so that other lines can follow.
void progress_end (progress_t *self);

//  Return the seconds since the beginning.
double progress_seconds (const progress_t *self);

#endif
