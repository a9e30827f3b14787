//  The best rockets of a shard by the orders and filters that are asked for, kept from one question to
//  the next: "the 50 fastest" looks at a few hundred rockets, not at all of them.
//
//  For each such list a table holds every rocket up to a bound: a place some hundred rockets deep when
//  the table was made. Each rocket that changes is noted: if it is within the bound now, it is in the
//  table. Those that have gone beyond the bound are dropped when they are met. So the table is exact as
//  long as it holds as many as are wanted; when too many have gone it is made anew.
//
//  A table is made from a draft, which is shown all rockets of the shard, in as many pieces as the
//  caller likes; rockets that change meanwhile are noted in the draft too.
//
//  A few tables a shard, of a few thousand rockets at most; one that nobody asks for is forgotten. The
//  processor's thread owns them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LEADERS_H
#define DOWNLINK_LEADERS_H

#include "processor/shard/selection.h"

typedef struct leaders leaders_t;
typedef struct leaders_draft leaders_draft_t;

leaders_t *leaders_new (void);

//  Destroy the tables, and drafts that were not ended.
void leaders_destroy (leaders_t **self_p);

//  Note that a rocket is new, or has changed.
void leaders_note (leaders_t *self, const rocket_t *rocket);

//  True if there is a table for a list; it may turn out not to hold enough.
bool leaders_have (const leaders_t *self, const list_query_t *list);

//  Show a selection, from a table, all rockets that can be among its best. False if there is no table
//  that holds enough: nothing was shown then.
bool leaders_show (leaders_t *self, selection_t *selection) __attribute__ ((warn_unused_result));

//  Begin a draft for what a selection wants. NULL if no table is kept of such a list, or if there are
//  drafts enough: show the rockets to the selection itself then. The leaders own the draft.
leaders_draft_t *leaders_begin (leaders_t *self, const selection_t *selection);

//  The selection to show all rockets to, borrowed from the draft.
selection_t *leaders_draft_selection (leaders_draft_t *draft);

//  End a draft that was shown all rockets, and show the selection those that can be among its best.
void leaders_end (leaders_t *self, leaders_draft_t **draft_p, selection_t *selection);

//  Give a draft up.
void leaders_abandon (leaders_t *self, leaders_draft_t **draft_p);

#endif
