//  A sorted array with binary search. Most numbers come in order and extend the last range, so that
//  is tried first. Most rockets have one range, which is embedded.
//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/number_ranges.h"

#include <glib.h>
#include <string.h>

#define CAPACITY_MIN 4
#define CAPACITY_MAX (NUMBER_RANGES_MAX + 1)  //  one more for a moment, until a gap is closed

struct number_ranges_many {
    uint32_t count;     //  ranges in use
    uint32_t capacity;  //  ranges allocated
    number_range_t ranges[];
};

static number_range_t *
s_ranges (number_ranges_t *self, uint32_t *count)
{
    size_t listed;
    (void) number_ranges_list (self, &listed);
    *count = (uint32_t) listed;
    return self->zero || !self->many ? &self->one : self->many->ranges;
}

//  Make room for `capacity` ranges and keep the ranges.
static number_ranges_many_t *
s_resize (number_ranges_many_t *many, uint32_t capacity)
{
    many = g_realloc (many, sizeof *many + capacity * sizeof *many->ranges);
    many->capacity = capacity;
    return many;
}

//  Make room for one more range.
static void
s_grow (number_ranges_t *self)
{
    if (self->zero) {
        number_ranges_many_t *many = s_resize (NULL, CAPACITY_MIN);
        many->ranges[0] = self->one;
        many->count = 1;
        *self = (number_ranges_t){.many = many};
    }
    else if (self->many->count == self->many->capacity)
        self->many = s_resize (self->many, MIN (self->many->capacity * 2, CAPACITY_MAX));
}

//  Free unused room. Half of the rest stays free, so that the next range needs no allocation.
static void
s_shrink (number_ranges_t *self)
{
    number_ranges_many_t *many = self->many;
    if (many->count == 1) {
        self->one = many->ranges[0];
        g_free (many);
    }
    else if (many->capacity > CAPACITY_MIN && many->count <= many->capacity / 4)
        self->many = s_resize (many, MAX (many->capacity / 2, CAPACITY_MIN));
}

static void
s_insert (number_ranges_t *self, uint32_t index, uint64_t number)
{
    number_range_t added = {number, number};
    if (number_ranges_is_empty (self)) {
        self->one = added;
        return;
    }
    s_grow (self);
    number_range_t *place = self->many->ranges + index;
    memmove (place + 1, place, (self->many->count - index) * sizeof *place);
    *place = added;
    self->many->count++;
}

//  Join this range and the next one, with the numbers between.
static void
s_join_next (number_ranges_t *self, uint32_t index)
{
    number_range_t *place = self->many->ranges + index;
    place->last = place[1].last;
    self->many->count--;
    memmove (place + 1, place + 2, (self->many->count - index - 1) * sizeof *place);
    s_shrink (self);
}

//  Return the index of the first range that holds the number, ends right before it, or is above it;
//  count if there is none.
static uint32_t
s_find (const number_range_t *ranges, uint32_t count, uint64_t number)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (ranges[middle].last < number - 1)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

number_added_t
number_ranges_add (number_ranges_t *self, uint64_t number)
{
    g_assert (number >= 1 && number < UINT64_MAX);
    uint32_t count;
    number_range_t *ranges = s_ranges (self, &count);
    if (count && number == ranges[count - 1].last + 1) {
        ranges[count - 1].last = number;
        return NUMBER_ADDED;
    }
    uint32_t index = s_find (ranges, count, number);
    number_range_t *range = ranges + index;
    if (index < count && number >= range->first && number <= range->last)
        return NUMBER_KNOWN;

    if (index < count && number == range->last + 1) {
        range->last = number;
        if (number + 1 == range[1].first)  //  never the last range, which was tried first
            s_join_next (self, index);
        return NUMBER_ADDED;
    }
    if (index < count && number + 1 == range->first) {
        range->first = number;
        return NUMBER_ADDED;
    }
    s_insert (self, index, number);
    if (count < NUMBER_RANGES_MAX)
        return NUMBER_ADDED;
    s_join_next (self, 0);
    return NUMBER_CLOSED_A_GAP;
}

bool
number_ranges_is_empty (const number_ranges_t *self)
{
    return !self->zero && !self->many;
}

bool
number_ranges_has (const number_ranges_t *self, uint64_t number)
{
    if (number == 0)
        return false;
    size_t count;
    const number_range_t *ranges = number_ranges_list (self, &count);
    uint32_t index = s_find (ranges, (uint32_t) count, number);
    return index < count && number >= ranges[index].first && number <= ranges[index].last;
}

static bool
s_are_good (const number_range_t *ranges, size_t count)
{
    if (count > NUMBER_RANGES_MAX)
        return false;
    for (size_t index = 0; index < count; index++) {
        const number_range_t *range = ranges + index;
        if (range->first < 1 || range->last < range->first || range->last == UINT64_MAX)
            return false;
        if (index > 0 && range->first - 1 <= range[-1].last)
            return false;
    }
    return true;
}

bool
number_ranges_assign (number_ranges_t *self, const number_range_t *ranges, size_t count)
{
    number_ranges_t assigned = {0};
    bool is_good = s_are_good (ranges, count);
    if (is_good && count == 1)
        assigned.one = ranges[0];
    else if (is_good && count > 1) {
        assigned.many = s_resize (NULL, (uint32_t) count);
        assigned.many->count = (uint32_t) count;
        memcpy (assigned.many->ranges, ranges, count * sizeof *ranges);
    }
    number_ranges_clear (self);
    *self = assigned;
    return is_good;
}

const number_range_t *
number_ranges_list (const number_ranges_t *self, size_t *count)
{
    if (self->zero || !self->many) {
        *count = self->zero != 0;
        return &self->one;
    }
    *count = self->many->count;
    return self->many->ranges;
}

size_t
number_range_list_gaps (const number_range_t *ranges, size_t count, number_range_t *gaps)
{
    size_t found = 0;
    uint64_t expected = 1;
    for (size_t index = 0; index < count; index++) {
        if (ranges[index].first > expected)
            gaps[found++] = (number_range_t){expected, ranges[index].first - 1};
        expected = ranges[index].last + 1;
    }
    return found;
}

void
number_ranges_clear (number_ranges_t *self)
{
    if (!self->zero)
        g_free (self->many);
    *self = (number_ranges_t){0};
}
