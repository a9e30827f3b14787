//  Make new frames of the kept ones after the layout has changed. A frame has messages of one
//  partition, so the messages of outdated frames go into new frames for their partitions under the
//  new layout. One round of the journal adds the new frames and deletes the outdated ones, in one
//  transaction: a process that dies leaves either the one or the other.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_REMAKE_H
#define DOWNLINK_REMAKE_H

#include "gateway/delivery/kept.h"
#include "gateway/delivery/turn.h"
#include "gateway/journal/journal.h"

typedef struct remake remake_t;

//  Make an object. Kept and turn are borrowed.
remake_t *remake_new (kept_t *kept, turn_t *turn);

//  Abandon a round that has no outcome.
void remake_destroy (remake_t **self_p);

//  Make new frames of the oldest outdated ones, and add both to a round. Do nothing without
//  outdated frames. Call this again only when the round has its outcome.
void remake_fill (remake_t *self, layout_t layout, journal_round_t *round);

//  End a round: keep the new frames if the round succeeded, else the outdated ones.
void remake_settle (remake_t *self, const journal_round_t *round);

#endif
