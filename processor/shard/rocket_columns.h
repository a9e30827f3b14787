//  What lists are ordered and filtered by, in an array for each, by place. A list then reads eight bytes or
//  two for most rockets, one behind the other, instead of rockets all over the memory: a
//  nanosecond each. So a list of any order, with any filter and behind any cursor needs no index.
//
//  The arrays take 37 bytes a rocket. A shard makes them at its first list that looks at all rockets.
//
//  A row is a rocket in these arrays. Its key rises or stays the same from rocket to rocket in the order of a
//  list. So a row with a key above that of the last chosen rocket is behind it, and of rows with
//  the same key the rocket itself decides.
//
//  The processor's thread owns the arrays.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROCKET_COLUMNS_H
#define DOWNLINK_ROCKET_COLUMNS_H

#include "processor/shard/rocket_table.h"
#include "processor/shard/selection.h"

typedef struct rocket_columns rocket_columns_t;

//  Make the arrays, with room for this many places at first.
rocket_columns_t *rocket_columns_new (size_t room);
void rocket_columns_destroy (rocket_columns_t **self_p);

//  Set the row of a place to what its rocket is now; NULL: the place is empty.
void rocket_columns_set (rocket_columns_t *self, size_t place, const rocket_t *rocket);

//  Do the same after a message of this kind. Its rocket, which had a row, stays.
void rocket_columns_follow (
    rocket_columns_t *self, size_t place, const rocket_t *rocket, message_kind_t kind);

//  Show a selection the rockets at the places from first up to end, all of which have a row, but for those that
//  cannot be among its first. The pool holds the texts of the rockets. Return false, and show
//  nothing, if the order is by a text and there are too many different ones.
bool rocket_columns_show (const rocket_columns_t *self, text_pool_t *pool,
    const rocket_table_t *rockets, selection_t *selection, size_t first, size_t end)
    __attribute__ ((warn_unused_result));

#endif
