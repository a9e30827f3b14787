//  What a table of options says about itself: usage, --help, --man, --completion. All of it comes
//  from the table, so that none can differ from what the program takes.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OPTIONS_PRINT_H
#define DOWNLINK_OPTIONS_PRINT_H

#include <stdio.h>

#include "common/options/option_table.h"

//  A flag that every program has: it prints something and exits.
typedef struct {
    const char *name;
    const char *value;  //  what stands for it, "bash|zsh|fish"; NULL: it takes none
    const char *help;
} asking_t;

#define ASKINGS 4
extern const asking_t options_askings[ASKINGS];

//  The shells of --completion.
#define OPTIONS_SHELLS "bash|zsh|fish"

void options_print_usage (const options_t *self, FILE *stream);

//  On standard output, as wide as the terminal, but at most 100 columns.
void options_print_help (const options_t *self);

//  A manual page, in man's macros.
void options_print_manual (const options_t *self);

//  A script that completes the program's flags and their values. False: there is no such shell.
bool options_print_completion (const options_t *self, const char *shell);

//  The environment's name for a flag, DOWNLINK_SOME_FLAG; the caller frees it.
char *option_variable (const option_t *option);

//  What stands for the value: "N", "DIR", "fsync|os|off".
const char *option_placeholder (const option_t *option);

//  Is there a default to be shown?
bool option_has_default (const option_t *option);

#endif
