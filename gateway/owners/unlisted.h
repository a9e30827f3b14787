//  The processors that share the served state and are at no address of --processors. The gateway
//  cannot send to them, so messages for their partitions wait: an alarm says which address to add.
//  Every processor announces the members of its state, and the gateway believes those that it is
//  told to listen to; it does not connect to an address that is only announced. A part of the
//  directory, which it belongs to.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UNLISTED_H
#define DOWNLINK_UNLISTED_H

#include "gateway/owners/peer.h"

#define UNLISTED_GRACE_MS                                                                          \
    3000  //  names are resolved every second, and a first announcement takes less
#define UNLISTED_FORGET_MS 3000  //  after nobody has named it any more
#define UNLISTED_MAX 16          //  further ones say nothing new

typedef struct unlisted unlisted_t;

unlisted_t *unlisted_new (void);

void unlisted_destroy (unlisted_t **self_p);

//  Compare the members that one of the peers (of peer_t *) announces with all peers, another peer
//  at each call. Log every member that has been unlisted for UNLISTED_GRACE_MS.
void unlisted_look (unlisted_t *self, const GPtrArray *peers, int64_t now_ms);

//  Return how many members have been unlisted for UNLISTED_GRACE_MS.
uint32_t unlisted_count (const unlisted_t *self);

//  Return the address of one of them, host:port, or NULL. Borrowed until the next look.
const char *unlisted_address (const unlisted_t *self);

#endif
