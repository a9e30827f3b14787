//  Lines for standard error, written by a thread of their own, so that a reader who takes nothing (a
//  stopped terminal, a collector that hangs) never makes anybody else wait. Lines wait in a buffer of
//  a fixed size; when it is full, further ones are dropped and counted, and a line says so as soon
//  as the reader takes some again. The descriptor's flags stay as they are: other processes share it.
//
//  Any thread may call these functions. Without log_writer_start a line is written by its caller.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LOG_WRITER_H
#define DOWNLINK_LOG_WRITER_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

//  Make lines of the writer's own; called by its thread.
typedef struct {
    void (*dropped) (GString *line, uint64_t lines);  //  so many lines could not be written
    void (*crashed) (GString *line, int signal);      //  the process ends by that signal
} log_writer_lines_t;

//  Start the thread. Lines that wait at exit are still written if the reader takes them within a
//  second, and so are those before an abort or a crash. Call once in main, with the signals blocked
//  that main waits for.
void log_writer_start (const log_writer_lines_t *lines);

//  Hand over a line, its line end included. The bytes are copied.
void log_writer_put (const char *line, size_t size);

//  Wait until all lines were written, for at most timeout_ms. Return false if they were not.
bool log_writer_flush (int64_t timeout_ms);

//  Return how many lines were dropped so far.
uint64_t log_writer_dropped (void);

#endif
