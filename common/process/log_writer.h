//  A thread that writes lines to standard error, so that a reader that hangs (a stopped terminal, a
//  collector) never delays other threads. Lines wait in a buffer of a fixed size. When the buffer
//  is full, the writer drops and counts lines, and reports the count when the reader takes lines
//  again. The writer does not change the descriptor's flags, since other processes share them.
//
//  Any thread may call these functions. Before log_writer_start the calling thread writes its line
//  itself.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LOG_WRITER_H
#define DOWNLINK_LOG_WRITER_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/text/text.h"

//  Functions that compose the writer's own lines. Its thread calls them.
typedef struct {
    void (*dropped) (GString *line, uint64_t lines);  //  lines: how many were dropped
    void (*crashed) (GString *line, int signal);      //  the process ends by this signal
    text_t (*out_of_memory) (void);                   //  this function must not allocate
} log_writer_lines_t;

//  Start the thread. At an exit, an abort or a crash it still writes the waiting lines that the
//  reader takes within a second. If a library aborts for lack of memory, the process ends with
//  EXIT_FAILURE instead of the signal. Call once in main, after main has blocked the signals that
//  it waits for. Return 0, or the error number if the thread cannot start.
int log_writer_start (const log_writer_lines_t *lines);

//  Add a line, with its line end. The bytes are copied.
void log_writer_put (const char *line, size_t size);

//  Wait until the reader has taken the waiting lines, a second at most.
void log_writer_flush (void);

//  Return the number of lines that were dropped so far.
uint64_t log_writer_dropped (void);

#endif
