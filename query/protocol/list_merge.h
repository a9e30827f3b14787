//  Merge the lists of several owners into one: the first rockets of all, in order.
//
//  A reply is bounded in bytes, so it may have fewer rockets than the limit although more follow.
//  The rockets of its owner behind its last one are unknown. So the merged list ends at the
//  smallest last place of such replies. The caller's thread owns a merge.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LIST_MERGE_H
#define DOWNLINK_LIST_MERGE_H

#include "query/protocol/query.h"
#include "query/protocol/reply.h"

typedef struct {
    const list_query_t *list;
    GArray *entries;  //  of reply_entry_t
    bool more;        //  rockets follow the last entry
    bool has_end;     //  the list ends at end
    place_t end;
} list_merge_t;

//  Begin to merge replies to a list. The list is borrowed.
void list_merge_begin (list_merge_t *self, const list_query_t *list);

//  Add a reply with status 200; its bytes are borrowed until the merge is freed. Return false if it
//  has an invalid rocket, or no rocket although more follow; then do not use the merge.
bool list_merge_add (list_merge_t *self, const reply_t *reply) __attribute__ ((warn_unused_result));

//  Sort the entries and cut the list. Call it once, after the last reply.
void list_merge_end (list_merge_t *self);

void list_merge_free (list_merge_t *self);

#endif
