//  Read flags and environment by one table for each program: parsing, ranges, the start-up line in
//  the log. Every flag --some-flag is also read from DOWNLINK_SOME_FLAG; the flag wins. An empty
//  variable counts as not set.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OPTIONS_H
#define DOWNLINK_OPTIONS_H

#include "common/options/option_table.h"

//  Read the flags, the environment and the defaults into the table's values. Flags may be written
//  --name value or --name=value, and stand among the arguments; -- ends them. For --help, -h,
//  --version and --dump-options print to standard output and exit 0. Explain a bad flag or value,
//  with the expected value, on standard error and exit 2. Return the number of arguments; argv [1]
//  and the following hold them. Ignore values of the form tcp://... in the environment: Kubernetes
//  sets them for services, and no option takes one.
int options_read (const options_t *self, int argc, char **argv);

//  Log every value at level info, as one event, without secrets.
void options_log (const options_t *self);

//  Explain wrong usage on standard error in the style of options_read, and exit 2.
void options_refuse (const options_t *self, const char *format, ...)
    __attribute__ ((noreturn, format (printf, 2, 3)));

#endif
