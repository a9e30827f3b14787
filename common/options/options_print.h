//  Print a table of options: usage, --help, and a dump for the manual page and the shell
//  completion. All of them come from the table, so they agree with the program.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OPTIONS_PRINT_H
#define DOWNLINK_OPTIONS_PRINT_H

#include <stdio.h>

#include "common/options/option_table.h"

//  A flag that every program has: it prints a text and exits.
typedef struct {
    const char *name;
    char letter;  //  of its short form; 0: it has none
    const char *help;
} asking_t;

#define ASKINGS 2
extern const asking_t options_askings[ASKINGS];

void options_print_usage (const options_t *self, FILE *stream);

//  Print the help on standard output, in the width of the terminal, but at most 100 columns.
void options_print_help (const options_t *self);

//  Print the table as a JSON object, for deploy/make-manuals.py.
void options_print_dump (const options_t *self);

//  Return the environment's name for a flag, DOWNLINK_SOME_FLAG. The caller frees it.
char *option_variable (const option_t *option);

//  Return the placeholder of the value: "N", "DIR", "fsync|os|off". The caller frees it.
char *option_placeholder (const option_t *option);

//  Return the words of which the value must be one; the caller frees them with g_strfreev. Return
//  NULL if the value may be any text.
char **option_words (const option_t *option);

//  Return true if the option has a default to show.
bool option_has_default (const option_t *option);

#endif
