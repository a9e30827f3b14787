//  Text for people at a terminal: how wide it is, and lines broken where they fit.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TERMINAL_H
#define DOWNLINK_TERMINAL_H

#include <stddef.h>
#include <stdio.h>

//  Columns of the terminal that the stream writes to; 0 if it is none: then nothing need be cut.
//  COLUMNS in the environment wins, for a terminal and for a pipe alike.
size_t terminal_width (FILE *stream);

//  Its lines, likewise; LINES in the environment wins.
size_t terminal_height (FILE *stream);

//  Print words, broken so that no line is wider than width (0: no limit). The first line goes on at
//  column, which the caller has reached; the others are indented to it. Ends with a new line.
void terminal_wrap (FILE *stream, const char *words, size_t column, size_t width);

#endif
