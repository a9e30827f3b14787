//  Find all processors of a state from any one of them: the stats of each processor list the
//  members and their endpoints.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FIND_PROCESSORS_H
#define DOWNLINK_FIND_PROCESSORS_H

#include "query/ask_processors.h"

//  Ask the processors of a list for their stats, then the members that they name, in at most three
//  rounds of timeout_ms each. Return an array of processor_answer_t * like ask_processors, with one
//  answer for each processor, even if the list has it under two addresses. The caller frees it with
//  g_ptr_array_unref.
GPtrArray *find_processors (const char *processors, int64_t timeout_ms);

//  Add the addresses of the members in a processor's stats to addresses (a GArray of address_t),
//  except the members in known (a set of ids as hexadecimal digits). Return the number of members
//  without an address.
size_t stats_members (text_t stats, GHashTable *known, GArray *addresses);

//  Return true if two processors keep different states. Then set first and second to one of each,
//  borrowed.
bool find_two_states (
    const GPtrArray *found, const processor_answer_t **first, const processor_answer_t **second);

//  Return a number in a processor's stats; 0 if there is none.
uint64_t stats_number (text_t stats, const char *member);

//  Return the UUID of the state in a processor's stats; NULL: there is none. The caller frees it.
char *stats_state (text_t stats);

//  Return the id in a processor's stats as hexadecimal digits; NULL: there is none. The caller
//  frees it.
char *stats_processor (text_t stats);

//  The partitions, and the ones with an owner among the processors that answered.
typedef struct {
    uint32_t partitions;  //  0: unknown
    bool is_owned[PARTITIONS_MAX];
} coverage_t;

//  Compute the coverage of answers with stats or with lists. found has the number of partitions.
void coverage_of_stats (coverage_t *self, const GPtrArray *found);
void coverage_of_lists (coverage_t *self, const GPtrArray *found, const GPtrArray *lists);

//  Return the number of partitions without an owner that answered.
uint32_t coverage_missing (const coverage_t *self);

#endif
