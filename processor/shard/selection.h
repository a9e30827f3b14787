//  Select the first rockets of a list from any number of rockets. A heap holds the wanted number of
//  rockets, with the last of them on top, so a rocket that is not among the first costs one
//  comparison.
//
//  Rockets may change before the selection settles. So selection_settle reads the chosen rockets
//  again and puts each at its present place. All rockets that were not chosen were behind the last
//  chosen one. The list ends at that place, so it never skips a rocket that did not change.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SELECTION_H
#define DOWNLINK_SELECTION_H

#include "common/text/text_pool.h"
#include "query/protocol/query.h"

typedef struct {
    place_t place;  //  of the rocket when it was shown
    const rocket_t *rocket;
    pooled_text_t *held;  //  text of the place, if the rocket may release it
} selection_candidate_t;

typedef struct {
    const list_query_t *list;
    text_pool_t *pool;
    selection_candidate_t *heap;
    size_t count;
    size_t capacity;
    bool is_cut;  //  some rockets of the list are not in the heap
    bool has_horizon;
    place_t horizon;  //  a copy; rockets behind it may be missing
} selection_t;

//  Begin to select capacity rockets of a list. The list and the rockets are borrowed. The pool is
//  for texts that the selection holds; it may be NULL if no rocket changes before the selection
//  settles.
void selection_init (
    selection_t *self, const list_query_t *list, size_t capacity, text_pool_t *pool);

void selection_free (selection_t *self);

//  Show the selection a rocket and its view; each rocket once. The selection ignores a rocket that
//  does not pass the filters or is before the beginning of the list.
void selection_show (selection_t *self, const rocket_t *rocket, const rocket_view_t *view);

//  End the list at a place: rockets behind it are not shown.
void selection_cut (selection_t *self, const place_t *place);

//  Set *end to the place behind which rockets may be missing, borrowed. Return false if none is
//  missing.
bool selection_end (const selection_t *self, place_t *end);

//  Return true if a rocket passes the filters of a list.
bool selection_passes (const list_query_t *list, const rocket_view_t *rocket);

//  Read the chosen rockets again, remove those that no longer belong to the list, and sort the
//  others. Show no rocket after this. The places are borrowed from the rockets.
void selection_settle (selection_t *self);

#endif
