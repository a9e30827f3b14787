//  The best rockets of a shard by the orders and filters that are asked for, kept from one question to
//  the next: "the 50 fastest" looks at a few hundred rockets, not at all of them.
//
//  For each such list a table holds every rocket up to a bound: a place some hundred rockets deep when
//  the table was made. Whatever rocket changes is noted: if it is within the bound now, it is in the
//  table. Those that have gone beyond the bound are dropped when they are met. So the table is exact as
//  long as it holds as many as are wanted; when too many have gone it is made anew, by looking at all.
//
//  A few tables a shard, of a few thousand rockets at most; one that nobody asks for is forgotten. The
//  processor's thread owns them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LEADERS_H
#define DOWNLINK_LEADERS_H

#include "query/selection.h"

typedef struct leaders leaders_t;

leaders_t *leaders_new (void);

void leaders_destroy (leaders_t **self_p);

//  A rocket is new, or has changed.
void leaders_note (leaders_t *self, const rocket_t *rocket);

//  Shows every rocket of the shard to a selection.
typedef void (leaders_scan_fn) (const void *shard, selection_t *selection);

//  Show a selection all rockets that can be among its best. All rockets are looked at only if that
//  cannot be told from a table.
void leaders_select (
    leaders_t *self, selection_t *selection, leaders_scan_fn *scan, const void *shard);

#endif
