//  The table of a program's options: one row for each flag. options.h reads values by it, and
//  options_print.h shows it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OPTION_TABLE_H
#define DOWNLINK_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    OPTION_TEXT,      //  const char *: as given; NULL without a default
    OPTION_SECRET,    //  the same, hidden in the log and among the arguments
    OPTION_NUMBER,    //  uint64_t: decimal
    OPTION_SIZE,      //  uint64_t: bytes; K, M, G and T behind it are powers of 1024
    OPTION_DURATION,  //  uint64_t: milliseconds; ms, s, m, h behind it, s without
    OPTION_FRACTION,  //  double: 0 to 1
    OPTION_CHOICE,    //  int: the place in choices
    OPTION_WORD,      //  const char *: one of choices; NULL without a default
    OPTION_SWITCH,    //  bool: the flag alone, or yes|no behind it or in the environment
} option_kind_t;

typedef struct {
    const char *name;  //  without the dashes
    option_kind_t kind;
    void *value;           //  the variable that gets the value; its type as above
    const char *fallback;  //  the default, in the form of a flag's value; NULL for none
    const char
        *choices;  //  OPTION_CHOICE, OPTION_WORD: "fsync|os|off", or "KEY:id|-id|..." if help
                   //  shows KEY; else what stands for the value in help; DIR and FILE are
                   //  completed as such
    uint64_t min;  //  range of numbers, sizes and durations; max 0: no upper bound
    uint64_t max;
    const char *help;  //  one line
} option_t;

typedef struct {
    const char *name;  //  as it is written, "get ID"
    const char *help;  //  one line
} option_command_t;

typedef struct {
    const char *program;    //  downlink-gateway
    const char *summary;    //  the purpose of the program, in one line
    const char *arguments;  //  the words behind the flags in the usage line, "ping | get ID"; NULL:
                            //  none are taken
    const option_command_t *commands;  //  for --help, up to one without a name; NULL for none
    const char *examples;              //  lines at the end of --help; NULL for none
    const option_t *options;
    size_t count;
    const char *description;  //  for the manual page: paragraphs, an empty line between them
} options_t;

#endif
