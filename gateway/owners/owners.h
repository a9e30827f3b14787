//  The owners of all partitions, chosen from the claims of all processors (claims.h). A part of the
//  directory, which owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OWNERS_H
#define DOWNLINK_OWNERS_H

#include <glib.h>

#include "gateway/owners/peer.h"

typedef struct {
    peer_t *peer;  //  NULL: no owner
    uint64_t epoch;
    uint64_t session;  //  new whenever the peer's session or the epoch is new
} owner_t;

typedef struct owners owners_t;

owners_t *owners_new (void);

void owners_destroy (owners_t **self_p);

//  Forget all owners and claims: those of another state follow.
void owners_forget (owners_t *self);

//  Judge the current claims of all peers (of peer_t *).
void owners_work_out (owners_t *self, const GPtrArray *peers, int64_t now_ms);

//  Return the owner of a partition at the last owners_work_out. Its peer may be gone by now.
const owner_t *owners_of (const owners_t *self, uint32_t partition);

//  Return a number that changes whenever an owner changes.
uint64_t owners_generation (const owners_t *self);

alarms_t owners_alarms (const owners_t *self);

#endif
