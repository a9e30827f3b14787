//  Asks the owners: one rocket of the processor that owns it, lists of all of them, merged. A
//  worker owns it.
//
//  Lists cost much more than single rockets, so they come after them: a bounded number of lists is
//  asked at a time, others wait in line, and the merging of a turn is bounded.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ASK_OWNERS_H
#define DOWNLINK_ASK_OWNERS_H

#include "gateway/owners/directory.h"
#include "query/protocol/query.h"
#include "query/protocol/reply.h"

typedef struct asker asker_t;
typedef struct inquiry inquiry_t;

#define ASKER_ROCKET_MS 1000  //  a rocket is asked for so long,
#define ASKER_LIST_MS 5000    //  a list

//  What came of a question; borrowed during the call.
typedef struct {
    uint32_t status;  //  200, 404, or 503
    bool is_busy;     //  503: the owners have too much to do; else a partition has none
    text_t rocket;    //  one rocket: its map
    const reply_entry_t *entries;  //  a list: the rockets with their places, in order
    size_t count;
    bool has_next;  //  a list goes on behind its last rocket
} outcome_t;

typedef void (outcome_fn) (void *context, const outcome_t *outcome);

//  Return true if somebody still waits for a list.
typedef bool (wanted_fn) (void *context);

//  The directory is borrowed.
asker_t *asker_new (directory_t *directory);

//  Ends everything that is under way: its functions are called with a 503.
void asker_destroy (asker_t **self_p);

//  Ask for a rocket. The function is called once, from asker_run. The inquiry is borrowed until
//  then.
inquiry_t *asker_rocket (asker_t *self, text_t id, outcome_fn *function, void *context);

//  Ask for a list of some partitions or of all, likewise; wanted (or NULL) is asked before a list
//  that had to wait is sent, and before one is sent again. Return NULL if too many lists wait
//  already: then nothing is asked.
inquiry_t *asker_list (asker_t *self, const list_query_t *list, outcome_fn *function,
    wanted_fn *wanted, void *context) __attribute__ ((warn_unused_result));

//  Nobody waits for it any more: its function is not called.
void asker_cancel (asker_t *self, inquiry_t *inquiry);

//  Send what was asked, take in answers, give up what took too long. Bounded; never waits.
void asker_run (asker_t *self);

//  True if there is something to do at once: do not wait before the next run.
bool asker_is_due (const asker_t *self);

#endif
