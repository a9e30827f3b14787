//  Ask the owners: the owner of a rocket for its state, and all owners for a list, whose parts the
//  asker merges. A worker owns its asker.
//
//  Lists cost much more than single rockets, so they come second: a bounded number of lists is in
//  progress, others wait in line, and the merging in a turn is bounded.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ASKER_H
#define DOWNLINK_ASKER_H

#include "gateway/owners/directory.h"
#include "query/protocol/query.h"
#include "query/protocol/reply.h"

typedef struct asker asker_t;
typedef struct inquiry inquiry_t;  //  a request for a rocket or a list, until its outcome

#define ASKER_ROCKET_MS 1000  //  longest time of an inquiry for a rocket
#define ASKER_LIST_MS 5000    //  longest time of an inquiry for a list
#define ASKER_FORGET_MS 5000  //  longest time until a removal is saved

//  The outcome of an inquiry. Borrowed during the call.
typedef struct {
    uint32_t status;     //  200, 404, or 503
    bool is_busy;        //  503: true if the owners are busy, false if a partition has no owner
    text_t rocket;       //  one rocket: its map
    uint32_t partition;  //  one rocket, with 200: the partition that it belongs to
    const reply_entry_t *entries;  //  a list: the rockets with their places, in order
    size_t count;
    bool has_next;  //  a list has more rockets behind its last one
} outcome_t;

typedef void (outcome_fn) (void *context, const outcome_t *outcome);

//  Return true if the client still waits for a list.
typedef bool (wanted_fn) (void *context);

//  Make an asker. The directory is borrowed.
asker_t *asker_new (directory_t *directory);

//  End all inquiries: call their functions with a 503.
void asker_destroy (asker_t **self_p);

//  Ask for a rocket. asker_run calls the function once with the outcome. The inquiry is borrowed
//  until then.
inquiry_t *asker_rocket (asker_t *self, text_t id, outcome_fn *function, void *context);

//  Ask the owner to remove a rocket, in the same way; 200 says that the removal is saved. Until
//  then the owner replies 202, and the asker asks again. Removing a rocket twice changes nothing.
inquiry_t *asker_forget (asker_t *self, text_t id, outcome_fn *function, void *context);

//  Ask for a list of some or all partitions in the same way. Before the asker sends a list that had
//  to wait, and before it sends a list again, it calls `wanted`, unless that is NULL. Return NULL
//  and ask nothing if too many lists wait.
inquiry_t *asker_list (asker_t *self, const list_query_t *list, outcome_fn *function,
    wanted_fn *wanted, void *context) __attribute__ ((warn_unused_result));

//  Cancel an inquiry: its function is not called.
void asker_cancel (asker_t *self, inquiry_t *inquiry);

//  Send inquiries, read replies, end inquiries that took too long. Bounded; never waits.
void asker_run (asker_t *self);

//  Return true if the next run must come at once.
bool asker_is_due (const asker_t *self);

#endif
