//  The rockets of a shard, by id and by place. The place of a rocket never changes, so a walk over
//  all rockets can pause and go on while rockets are added and removed. A place whose rocket was removed is
//  empty until another rocket gets it. The processor's thread owns a table.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROCKET_TABLE_H
#define DOWNLINK_ROCKET_TABLE_H

#include "common/domain/rocket.h"

typedef struct rocket_table rocket_table_t;

rocket_table_t *rocket_table_new (void);

//  Free the table and its rockets. The pool holds their texts.
void rocket_table_destroy (rocket_table_t **self_p, text_pool_t *pool);

//  Return the rocket with an id, or NULL.
rocket_t *rocket_table_find (const rocket_table_t *self, text_t id);

//  Do the same, and set *place to its place.
rocket_t *rocket_table_find_place (const rocket_table_t *self, text_t id, size_t *place);

//  Add a rocket with a new id, and take ownership of it. Return its place.
size_t rocket_table_add (rocket_table_t *self, rocket_t *rocket);

//  Add a rocket like that at a place; the places before it stay empty. Return false if the place is not
//  behind all others, or beyond the largest possible one.
bool rocket_table_add_at (rocket_table_t *self, rocket_t *rocket, size_t place)
    __attribute__ ((warn_unused_result));

//  Return the place of a rocket of the table.
size_t rocket_table_place (const rocket_table_t *self, const rocket_t *rocket);

//  Remove a rocket of the table and free it. The pool holds its texts.
void rocket_table_remove (rocket_table_t *self, rocket_t *rocket, text_pool_t *pool);

//  Return the number of places.
size_t rocket_table_size (const rocket_table_t *self);

//  Return the rocket at a place below the size; NULL: the place is empty.
rocket_t *rocket_table_at (const rocket_table_t *self, size_t place);

#endif
