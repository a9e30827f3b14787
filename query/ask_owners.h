//  Asks the owners: one rocket of the one that owns it, lists of all of them, merged. What one turn
//  of the loop asks of the same processor goes as one question, or few. A worker owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ASK_OWNERS_H
#define DOWNLINK_ASK_OWNERS_H

#include "gateway/directory.h"
#include "query/query.h"

typedef struct asker asker_t;

//  What came of a question; borrowed during the call.
typedef struct {
    uint32_t status;        //  200, 404, or 503: nobody answered in time
    text_t rocket;          //  one rocket: its map
    const text_t *rockets;  //  a list: the maps, in order
    size_t count;
    bool has_next;  //  a list goes on behind its last rocket
    place_t last;   //  the place of that one, for a cursor
} outcome_t;

typedef void (outcome_fn) (void *context, const outcome_t *outcome);

//  The directory is borrowed.
asker_t *asker_new (directory_t *directory);

//  What is still under way is given up: its functions are called with a 503.
void asker_destroy (asker_t **self_p);

//  Ask for a rocket, or for a list, of some partitions or of all; the function is called once, from
//  asker_run, after a second at the latest.
void asker_get (asker_t *self, text_t id, outcome_fn *function, void *context);
void asker_list (asker_t *self, const list_query_t *list, outcome_fn *function, void *context);

//  Send what was asked, take in answers, give up what took too long. Never waits.
void asker_run (asker_t *self);

//  True if something was asked since the last run: do not wait before the next one.
bool asker_is_due (const asker_t *self);

#endif
