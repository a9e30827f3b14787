//  Merges the lists of several owners into one: the best rockets of all, in order.
//
//  A reply may hold fewer rockets than it was asked for and still say that more follow, as it is
//  bounded in bytes. Of that owner nothing is known behind its last rocket, so the merged list ends
//  there: behind the smallest last place of the replies that say more.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LIST_MERGE_H
#define DOWNLINK_LIST_MERGE_H

#include "query/protocol/query.h"
#include "query/protocol/reply.h"

typedef struct {
    const list_query_t *list;
    GArray *entries;  //  of reply_entry_t
    bool more;        //  rockets follow the last entry
    bool has_end;     //  no entry behind the next is kept
    place_t end;
} list_merge_t;

//  Begin to merge replies to a list. The list is borrowed.
void list_merge_begin (list_merge_t *self, const list_query_t *list);

//  Add a reply with status 200; its bytes are borrowed until the merge is freed. Return false, and
//  add nothing that could be trusted, if it holds something that is no rocket, or no rocket and
//  more.
bool list_merge_add (list_merge_t *self, const reply_t *reply) __attribute__ ((warn_unused_result));

//  Put the entries in order and cut them. Call once, when every reply was added.
void list_merge_end (list_merge_t *self);

void list_merge_free (list_merge_t *self);

#endif
