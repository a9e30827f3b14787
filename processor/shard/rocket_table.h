//  The rockets of a shard, by id and by place. The place of a rocket never changes, so a walk over
//  all rockets can pause and continue while rockets are added and removed. The place of a removed
//  rocket is empty until another rocket gets it. The processor's thread owns a table.
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

//  Return the rocket with an id, or NULL, and set *place to its place.
rocket_t *rocket_table_find_place (const rocket_table_t *self, text_t id, size_t *place);

//  Add a rocket with a new id. Take the rocket. Return its place.
size_t rocket_table_add (rocket_table_t *self, rocket_t *rocket);

//  Add a rocket with a new id at a place behind all others; the skipped places stay empty. Return
//  false, and do not take the rocket, if the place is in use or beyond the largest possible place.
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
