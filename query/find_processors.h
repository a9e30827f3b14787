//  Finds the processors of a state from any one of them: each tells in its stats which processors
//  share the partitions and where they are.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FIND_PROCESSORS_H
#define DOWNLINK_FIND_PROCESSORS_H

#include "query/ask_processors.h"

//  Ask the processors of a list for their stats, and those that they name and that are not in it,
//  in timeout_ms for each of at most three rounds. Returns an array of processor_answer_t * as
//  ask_processors does, one for each processor, even if the list has it under two addresses; the
//  caller's, to free with g_ptr_array_unref.
GPtrArray *find_processors (const char *processors, int64_t timeout_ms);

//  Read the addresses of the members that a processor's stats name, but for those whose id is in
//  known (a set of ids as hexadecimal digits): add them to addresses (a GArray of address_t).
//  Returns how many further members are somewhere that is not known.
size_t stats_members (text_t stats, GHashTable *known, GArray *addresses);

//  Return true if two processors tell that they keep different states. Then first and second are
//  one of each, borrowed.
bool find_two_states (
    const GPtrArray *found, const processor_answer_t **first, const processor_answer_t **second);

//  The UUID of the state that a processor's stats tell; NULL if they tell none. The caller frees
//  it.
char *stats_state (text_t stats);

//  The id of the processor whose stats these are, as hexadecimal digits; NULL if they tell none.
//  The caller frees it.
char *stats_processor (text_t stats);

//  How many partitions there are, and which of them have an owner among those that answered.
typedef struct {
    uint32_t partitions;  //  0: nobody told
    bool is_owned[PARTITIONS_MAX];
} coverage_t;

//  Look at answers with stats, or at answers with lists; found tells the number of partitions.
void coverage_of_stats (coverage_t *self, const GPtrArray *found);
void coverage_of_lists (coverage_t *self, const GPtrArray *found, const GPtrArray *lists);

//  How many partitions have no owner that answered.
uint32_t coverage_missing (const coverage_t *self);

#endif
