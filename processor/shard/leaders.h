//  The first rockets of a shard by the orders and filters of recent lists, kept from one query to
//  the next: "the 50 fastest" then looks at a few hundred rockets instead of all.
//
//  A table holds, for one list, every rocket up to a bound, which is some hundred rockets deep when
//  the table is made. leaders_note adds each changed rocket within the bound. A query removes the
//  members beyond the bound that it meets. So the table is exact as long as it has at least as many
//  rockets as the list wants. When it has fewer, it is made again.
//
//  A draft becomes a table. The caller shows it all rockets of the shard, in any number of pieces,
//  and leaders_note adds the rockets that change meanwhile.
//
//  A shard has at most a few tables of a few thousand rockets. A table without queries is removed.
//  The processor's thread owns all of them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LEADERS_H
#define DOWNLINK_LEADERS_H

#include "processor/shard/selection.h"

typedef struct leaders leaders_t;
typedef struct leaders_draft leaders_draft_t;

leaders_t *leaders_new (void);

//  Free the tables and the drafts.
void leaders_destroy (leaders_t **self_p);

//  Note that a rocket is new or has changed.
void leaders_note (leaders_t *self, const rocket_t *rocket);

//  Remove a rocket that is forgotten from all tables and drafts.
void leaders_drop (leaders_t *self, const rocket_t *rocket);

//  Return true if there is a table for a list. The table may have too few rockets.
bool leaders_have (const leaders_t *self, const list_query_t *list);

//  Show a selection all rockets that can be among its first, from a table. Return false, and show
//  nothing, if no table has enough rockets.
bool leaders_show (leaders_t *self, selection_t *selection) __attribute__ ((warn_unused_result));

//  Begin a draft for the list of a selection. Return NULL if such a list gets no table or there are
//  too many drafts: then show the rockets to the selection itself. The leaders own the draft.
leaders_draft_t *leaders_begin (leaders_t *self, const selection_t *selection);

//  Return the selection to which the caller shows all rockets, borrowed from the draft.
selection_t *leaders_draft_selection (leaders_draft_t *draft);

//  End a draft that was shown all rockets, and show the selection the rockets that can be among its
//  first.
void leaders_end (leaders_t *self, leaders_draft_t **draft_p, selection_t *selection);

//  Free a draft before its end.
void leaders_abandon (leaders_t *self, leaders_draft_t **draft_p);

#endif
