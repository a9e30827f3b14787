//  The members of all rockets by which lists are ordered and filtered: one array for each member,
//  indexed by place. For most rockets a list then reads two or eight bytes from an array, front to
//  back, instead of a rocket somewhere in memory: about a nanosecond each. So a list needs no
//  index, whatever its order, filter and cursor.
//
//  The arrays take 37 bytes a rocket. A shard makes them at its first list that looks at all
//  rockets.
//
//  A row is one rocket in these arrays. In each order of lists a row has a key, a number that never
//  falls from rocket to rocket. So a row with a higher key than the last chosen rocket comes after
//  it. If the keys are equal, the rockets themselves are compared.
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

//  Set the row of a place from its rocket; NULL: the place is empty.
void rocket_columns_set (rocket_columns_t *self, size_t place, const rocket_t *rocket);

//  Update the row of a place after its rocket has folded a message of this kind. The place has a
//  row of the same rocket already.
void rocket_columns_follow (
    rocket_columns_t *self, size_t place, const rocket_t *rocket, message_kind_t kind);

//  Show a selection the rockets at the places from first up to end, except those that cannot be
//  among its first. All these places must have a row. The pool holds the texts of the rockets.
//  Return false, and show nothing, if the order is by a text and there are too many different
//  texts.
bool rocket_columns_show (const rocket_columns_t *self, text_pool_t *pool,
    const rocket_table_t *rockets, selection_t *selection, size_t first, size_t end)
    __attribute__ ((warn_unused_result));

#endif
