//  The rockets of a shard, found by id, and each at a place that never changes: the n-th rocket added
//  stays the n-th, so a walk over all of them can pause and go on, whatever is added meanwhile.
//  Rockets are not removed. The processor's thread owns a table.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROCKET_TABLE_H
#define DOWNLINK_ROCKET_TABLE_H

#include "common/domain/rocket.h"

typedef struct rocket_table rocket_table_t;

rocket_table_t *rocket_table_new (void);

//  Destroy the table and its rockets. The pool is the one that their texts are in.
void rocket_table_destroy (rocket_table_t **self_p, text_pool_t *pool);

//  Return the rocket of that id, or NULL.
rocket_t *rocket_table_find (const rocket_table_t *self, text_t id);

//  Add a rocket whose id is not in the table; the table owns it from now on.
void rocket_table_add (rocket_table_t *self, rocket_t *rocket);

//  Return how many rockets there are.
size_t rocket_table_size (const rocket_table_t *self);

//  Return the rocket at a place below the size.
rocket_t *rocket_table_at (const rocket_table_t *self, size_t place);

#endif
