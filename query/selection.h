//  The best rockets of a list, out of any number that are shown: a heap holds as many as are wanted,
//  with the worst of them on top, so that a rocket which is not among the best costs one comparison.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SELECTION_H
#define DOWNLINK_SELECTION_H

#include "query/query.h"

typedef struct {
    place_t place;
    const rocket_t *rocket;
} candidate_t;

typedef struct {
    const list_query_t *list;
    candidate_t *heap;
    size_t count;
    size_t capacity;
    size_t offered;  //  rockets that were shown and belong to the list
} selection_t;

//  For so many of a list's rockets. The list is borrowed; what is selected borrows from the rockets.
void selection_init (selection_t *self, const list_query_t *list, size_t capacity);

void selection_free (selection_t *self);

//  Show a rocket. One that the filters leave out, or that comes before the list begins, is passed
//  over.
void selection_show (selection_t *self, const rocket_t *rocket);

//  True if a rocket passes the filters of a list.
bool selection_passes (const list_query_t *list, const rocket_view_t *rocket);

//  Put the best first. Nothing can be shown after that.
void selection_sort (selection_t *self);

#endif
