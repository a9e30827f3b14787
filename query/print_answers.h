//  Prints what the processors said: tables for people, JSON for programs.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PRINT_ANSWERS_H
#define DOWNLINK_PRINT_ANSWERS_H

#include "query/ask_processors.h"

//  Print the answers to a question on standard output, and what went wrong on standard error.
//  Returns the exit status: 0, or 1 if a processor did not answer or there is no such rocket.
int print_answers (const query_t *query, const GPtrArray *answers, bool as_json);

#endif
