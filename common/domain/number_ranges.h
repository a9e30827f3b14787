//  A set of numbers as ranges: the message numbers of one rocket that were counted. Ranges are
//  sorted, disjoint and do not touch. There may be millions of sets, and most have one range, so
//  one range is embedded and only a set with gaps allocates memory.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_NUMBER_RANGES_H
#define DOWNLINK_NUMBER_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBER_RANGES_MAX 1024  //  beyond it the lowest gap between two ranges is closed

typedef struct {
    uint64_t first;
    uint64_t last;  //  not below first; both belong to the range
} number_range_t;

typedef struct number_ranges_many number_ranges_many_t;

//  Zeroed memory is the empty set. Embedded by value; free with number_ranges_clear.
typedef union {
    number_range_t one;  //  the only range, whose first is never 0; else
    struct {
        uint64_t zero;               //  in the place of first
        number_ranges_many_t *many;  //  all ranges; NULL: the set is empty
    };
} number_ranges_t;

typedef enum {
    NUMBER_ADDED,        //  the number is new
    NUMBER_KNOWN,        //  the set had the number already, and is unchanged
    NUMBER_CLOSED_A_GAP  //  the number is new, and the two lowest ranges became one to keep the
                         //  limit
} number_added_t;

//  Add a number (1 to 2^64 - 2).
number_added_t number_ranges_add (number_ranges_t *self, uint64_t number);

bool number_ranges_is_empty (const number_ranges_t *self);

//  Return true if the number is in the set.
bool number_ranges_has (const number_ranges_t *self, uint64_t number);

//  Replace the set by these ranges. Return false and make the set empty if they are not sorted,
//  disjoint and apart, or are more than NUMBER_RANGES_MAX.
bool number_ranges_assign (number_ranges_t *self, const number_range_t *ranges, size_t count)
    __attribute__ ((warn_unused_result));

//  Return the ranges in rising order and set *count. Borrowed until the next change.
const number_range_t *number_ranges_list (const number_ranges_t *self, size_t *count);

//  Write the gaps of rising ranges, from 1 to the highest number, into gaps, which has room for
//  NUMBER_RANGES_MAX. Return their count.
size_t number_range_list_gaps (const number_range_t *ranges, size_t count, number_range_t *gaps);

//  Free the memory and make the set empty.
void number_ranges_clear (number_ranges_t *self);

#endif
