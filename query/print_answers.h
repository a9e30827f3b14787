//  Print the replies of the processors: tables for people, JSON for programs.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PRINT_ANSWERS_H
#define DOWNLINK_PRINT_ANSWERS_H

#include "query/find_processors.h"

//  Print the processors that were found, for QUERY_PING, or their stats, for QUERY_STATS. Print
//  missing processors on standard error. Return the exit status: 1 if a processor does not answer
//  or cannot be found, or a partition has no owner, else 0.
int print_found (const query_t *query, const GPtrArray *found, bool as_json);

//  Print the answers to QUERY_GET or QUERY_LIST on standard output, and faults on standard error.
//  found: all processors, with their stats. Return the exit status: 1 if there is no such rocket, a
//  processor did not answer or the list is incomplete, else 0.
int print_answers (
    const query_t *query, const GPtrArray *found, const GPtrArray *answers, bool as_json);

//  Return true if all processors answered but a needed partition has no owner. The partition may be
//  changing hands, so ask again.
bool answers_are_early (const query_t *query, const GPtrArray *found, const GPtrArray *answers);

#endif
