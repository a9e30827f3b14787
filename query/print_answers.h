//  Prints what the processors said: tables for people, JSON for programs.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PRINT_ANSWERS_H
#define DOWNLINK_PRINT_ANSWERS_H

#include "query/find_processors.h"

//  Print the processors that were found, for QUERY_PING, or their stats, for QUERY_STATS; and on
//  standard error what is missing. Returns the exit status: 0, or 1 if a processor does not answer,
//  cannot be found, or partitions have no owner.
int print_found (const query_t *query, const GPtrArray *found, bool as_json);

//  Print the answers to QUERY_GET or QUERY_LIST on standard output, and on standard error what went
//  wrong. found: the processors that there are, with their stats. Returns the exit status: 0, or 1
//  if there is no such rocket, a processor did not answer or the list is incomplete.
int print_answers (
    const query_t *query, const GPtrArray *found, const GPtrArray *answers, bool as_json);

//  Say on standard error that processors keep different states, if two of them do. Return true if
//  so.
bool print_two_states (const GPtrArray *found);

//  Say it of the processor at one place, host:port, and the processor at another.
void print_states (
    const char *place, const char *state, const char *other, const char *other_state);

//  Return true if all processors answered and yet a partition that matters has no owner: it may be
//  on its way from one to another, so that it is worth asking again.
bool answers_are_early (const query_t *query, const GPtrArray *found, const GPtrArray *answers);

#endif
