//  The owners of all partitions, chosen from the claims of all processors (claims.h). This is a
//  part of the directory, which owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OWNERS_H
#define DOWNLINK_OWNERS_H

#include <glib.h>

#include "gateway/owners/peer.h"

typedef struct {
    peer_t *peer;  //  NULL: no owner
    uint64_t epoch;
    uint64_t session;  //  changes with the peer, its session and the epoch
} owner_t;

typedef struct owners owners_t;

owners_t *owners_new (void);

void owners_destroy (owners_t **self_p);

//  Forget all owners and claims, because the gateway now serves another state.
void owners_forget (owners_t *self);

//  Judge the current claims of all peers (of peer_t *).
void owners_work_out (owners_t *self, const GPtrArray *peers, int64_t now_ms);

//  Return the owner that the last owners_work_out chose for a partition. Its peer may be gone by
//  now.
const owner_t *owners_of (const owners_t *self, uint32_t partition);

//  Return a number that changes whenever an owner changes.
uint64_t owners_generation (const owners_t *self);

alarms_t owners_alarms (const owners_t *self);

#endif
