//  The owners of all partitions, as they follow from what the processors claim (claims.h). A part
//  of the directory, which it belongs to.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OWNERS_H
#define DOWNLINK_OWNERS_H

#include <glib.h>

#include "gateway/owners/peer.h"

typedef struct {
    peer_t *peer;  //  NULL: nobody
    uint64_t epoch;
    uint64_t session;  //  new whenever the peer's session or the epoch is another one
} owner_t;

typedef struct owners owners_t;

owners_t *owners_new (void);

void owners_destroy (owners_t **self_p);

//  Judge what all peers (of peer_t *) claim at the moment.
void owners_work_out (owners_t *self, const GPtrArray *peers, int64_t now_ms);

//  The owner of a partition, as it was worked out last. Its peer may be gone since.
const owner_t *owners_of (const owners_t *self, uint32_t partition);

//  A number that changes whenever an owner does.
uint64_t owners_generation (const owners_t *self);

alarms_t owners_alarms (const owners_t *self);

#endif
