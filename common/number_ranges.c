//  An array that is searched by halves. Most numbers come in order and only move the end of the
//  last range, so that is tried first. Nearly every rocket has a single range: it is in the struct.
//  SPDX-License-Identifier: Apache-2.0
#include "number_ranges.h"

#include <glib.h>
#include <string.h>

#define CAPACITY_MIN 4
#define CAPACITY_MAX (NUMBER_RANGES_MAX + 1)  //  one too many for a moment, before a gap is closed

static number_range_t *
s_ranges (number_ranges_t *self)
{
    return self->capacity ? self->many : &self->one;
}

//  Have room for one more range.
static void
s_grow (number_ranges_t *self)
{
    if (self->count < self->capacity || self->count == 0)
        return;
    uint32_t capacity = CLAMP (self->capacity * 2, CAPACITY_MIN, CAPACITY_MAX);
    number_range_t *many;
    if (self->capacity) {
        many = g_renew (number_range_t, self->many, capacity);
    }
    else {
        many = g_new (number_range_t, capacity);
        many[0] = self->one;
    }
    self->many = many;
    self->capacity = capacity;
}

//  Give back room that is no longer used; half of what is left stays free, so that it is not
//  allocated again at the next range.
static void
s_shrink (number_ranges_t *self)
{
    if (self->count == 1 && self->capacity) {
        number_range_t one = self->many[0];
        g_free (self->many);
        self->one = one;
        self->capacity = 0;
    }
    else if (self->capacity > CAPACITY_MIN && self->count <= self->capacity / 4) {
        self->capacity = MAX (self->capacity / 2, CAPACITY_MIN);
        self->many = g_renew (number_range_t, self->many, self->capacity);
    }
}

static void
s_insert (number_ranges_t *self, uint32_t index, uint64_t number)
{
    s_grow (self);
    number_range_t *ranges = s_ranges (self);
    memmove (ranges + index + 1, ranges + index, (self->count - index) * sizeof *ranges);
    ranges[index] = (number_range_t){number, number};
    self->count++;
}

//  Make one range of this one, the next, and whatever lies between.
static void
s_join_next (number_ranges_t *self, uint32_t index)
{
    number_range_t *ranges = s_ranges (self);
    ranges[index].last = ranges[index + 1].last;
    self->count--;
    memmove (ranges + index + 1, ranges + index + 2, (self->count - index - 1) * sizeof *ranges);
    s_shrink (self);
}

//  The first range that the number is in, right behind, or below; count if it is above them all.
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
    number_range_t *ranges = s_ranges (self);
    uint32_t count = self->count;
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
        if (number + 1 == range[1].first)  //  never the last range: that was tried first
            s_join_next (self, index);
        return NUMBER_ADDED;
    }
    if (index < count && number + 1 == range->first) {
        range->first = number;
        return NUMBER_ADDED;
    }
    s_insert (self, index, number);
    if (self->count <= NUMBER_RANGES_MAX)
        return NUMBER_ADDED;
    s_join_next (self, 0);
    return NUMBER_CLOSED_A_GAP;
}

bool
number_ranges_has (const number_ranges_t *self, uint64_t number)
{
    if (number == 0)
        return false;
    size_t count;
    const number_range_t *ranges = number_ranges_list (self, &count);
    uint32_t index = s_find (ranges, self->count, number);
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
    if (is_good && count == 1) {
        assigned.one = ranges[0];
        assigned.count = 1;
    }
    else if (is_good && count > 1) {
        assigned.many = g_new (number_range_t, count);
        memcpy (assigned.many, ranges, count * sizeof *ranges);
        assigned.count = assigned.capacity = (uint32_t) count;
    }
    number_ranges_clear (self);
    *self = assigned;
    return is_good;
}

const number_range_t *
number_ranges_list (const number_ranges_t *self, size_t *count)
{
    *count = self->count;
    return self->capacity ? self->many : &self->one;
}

size_t
number_ranges_gaps (const number_ranges_t *self, number_range_t *gaps)
{
    size_t count = 0;
    const number_range_t *ranges = number_ranges_list (self, &count);
    return number_range_list_gaps (ranges, count, gaps);
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
    if (self->capacity)
        g_free (self->many);
    *self = (number_ranges_t){0};
}
