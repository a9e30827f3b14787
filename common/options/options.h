//  Flags and environment from one table a program: parsing, ranges, the start-up line in the log,
//  and what options_print.h prints of it.
//  Every flag --some-flag is also read from DOWNLINK_SOME_FLAG; the flag wins. An empty variable
//  counts as not set.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OPTIONS_H
#define DOWNLINK_OPTIONS_H

#include "common/options/option_table.h"

//  Read the flags, the environment and the defaults into the table's values. Flags may be written
//  --name value or --name=value, and stand among the arguments; -- ends them. Answers --help, -h,
//  --version and --dump-options itself, on standard output, exit 0; a bad flag or value is
//  explained on standard error (which, what was expected), exit 2. Returns how many arguments there
//  are; argv [1] and on hold them. Values of the form tcp://... in the environment are ignored:
//  Kubernetes sets them for services, and no option takes one.
int options_read (const options_t *self, int argc, char **argv);

//  Log every value at level info, as one event; a file of secrets is only named.
void options_log (const options_t *self);

//  Explain wrong usage on standard error in the style of options_read, and exit 2.
void options_refuse (const options_t *self, const char *format, ...)
    __attribute__ ((noreturn, format (printf, 2, 3)));

#endif
