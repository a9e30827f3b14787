//  A set of numbers kept as ranges: the message numbers of one rocket that were seen.
//  Sorted, disjoint, not touching. A single range, as without gaps, takes no memory of its own; there
//  may be millions of sets, so the rest of one is kept where only a set with gaps has to pay for it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_NUMBER_RANGES_H
#define DOWNLINK_NUMBER_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBER_RANGES_MAX 1024  //  past that the lowest gap between two of them is closed

typedef struct {
    uint64_t first;
    uint64_t last;  //  not below first; both belong to the range
} number_range_t;

typedef struct number_ranges_many number_ranges_many_t;

//  Zeroed memory is the empty set. Embedded by value; free with number_ranges_clear.
typedef union {
    number_range_t one;  //  the only range, as first is never 0; else
    struct {
        uint64_t zero;               //  where first is
        number_ranges_many_t *many;  //  all of them; NULL: there are none
    };
} number_ranges_t;

typedef enum {
    NUMBER_ADDED,        //  it was not in the set, and is now
    NUMBER_KNOWN,        //  it was in the set already: nothing changed
    NUMBER_CLOSED_A_GAP  //  added, and the two lowest ranges were made one to stay within the limit
} number_added_t;

//  Add a number (1 to 2^64 - 2).
number_added_t number_ranges_add (number_ranges_t *self, uint64_t number);

bool number_ranges_is_empty (const number_ranges_t *self);

//  True if the number is in the set.
bool number_ranges_has (const number_ranges_t *self, uint64_t number);

//  Replace the set by these ranges (sorted, disjoint, not touching). Returns false, and an empty
//  set, if they are not, or are more than NUMBER_RANGES_MAX.
bool number_ranges_assign (number_ranges_t *self, const number_range_t *ranges, size_t count)
    __attribute__ ((warn_unused_result));

//  The ranges in rising order; *count says how many. Borrowed until the next change.
const number_range_t *number_ranges_list (const number_ranges_t *self, size_t *count);

//  Write the gaps from 1 to the highest number into gaps, which has room for NUMBER_RANGES_MAX.
//  Returns how many there are.
size_t number_ranges_gaps (const number_ranges_t *self, number_range_t *gaps);

//  The same for ranges in a list.
size_t number_range_list_gaps (const number_range_t *ranges, size_t count, number_range_t *gaps);

//  Free what it holds, and make it empty.
void number_ranges_clear (number_ranges_t *self);

#endif
