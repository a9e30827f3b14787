//  The best rockets of a list, out of any number that are shown: a heap holds as many as are wanted,
//  with the worst of them on top, so that a rocket which is not among the best costs one comparison.
//
//  Rockets may change between one that is shown and the end. So the end looks at the chosen ones
//  again, and shows each where it is now. A rocket that was passed over was behind the worst chosen
//  one: nothing is shown behind that place, so no rocket that stayed as it was is ever skipped.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SELECTION_H
#define DOWNLINK_SELECTION_H

#include "common/text/text_pool.h"
#include "query/protocol/query.h"

typedef struct {
    place_t place;  //  where it was when it was shown
    const rocket_t *rocket;
    pooled_text_t *held;  //  the place's text, if the rocket may let go of it
} selection_candidate_t;

typedef struct {
    const list_query_t *list;
    text_pool_t *pool;
    selection_candidate_t *heap;
    size_t count;
    size_t capacity;
    bool is_cut;  //  rockets of the list are not in the heap
    bool has_horizon;
    place_t horizon;  //  a copy: rockets behind it may not have been shown
} selection_t;

//  Select so many of a list's rockets. The list is borrowed, and so are the rockets. The pool, of
//  the rockets' texts, is needed if rockets change before the end; else it may be NULL.
void selection_init (
    selection_t *self, const list_query_t *list, size_t capacity, text_pool_t *pool);

void selection_free (selection_t *self);

//  Show a rocket, once each, and its view. One that the filters leave out, or that comes before the
//  list begins, is passed over.
void selection_show (selection_t *self, const rocket_t *rocket, const rocket_view_t *view);

//  Rockets behind a place are not shown: the list ends there.
void selection_cut (selection_t *self, const place_t *place);

//  Return true and the place behind which rockets were passed over, borrowed; false if none was.
bool selection_end (const selection_t *self, place_t *end);

//  True if a rocket passes the filters of a list.
bool selection_passes (const list_query_t *list, const rocket_view_t *rocket);

//  Look at the chosen rockets again, drop those that are not of the list any more, and put the best
//  first. Nothing can be shown after that. The places are borrowed from the rockets now.
void selection_settle (selection_t *self);

#endif
