//  Text for people at a terminal: its size, and words broken into lines that fit.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TERMINAL_H
#define DOWNLINK_TERMINAL_H

#include <stddef.h>
#include <stdio.h>

//  Return the columns of the terminal that the stream writes to, or 0 if it is no terminal: then
//  lines may have any length. COLUMNS in the environment wins, also for a pipe.
size_t terminal_width (FILE *stream);

//  Return the lines of the terminal, or 0. LINES in the environment wins.
size_t terminal_height (FILE *stream);

//  Print words in lines of at most width columns (0: no limit), and a new line at the end. The
//  first line starts at column, where the caller has stopped; the others are indented to it.
void terminal_wrap (FILE *stream, const char *words, size_t column, size_t width);

#endif
