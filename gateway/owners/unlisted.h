//  Find processors that share the served state but are not in --processors. The gateway cannot send
//  to them, so messages for their partitions wait, and an alarm names the address to add. Each
//  processor announces the members of its state. The gateway reads only the announcements of
//  processors in --processors, and never connects to an address that is only announced. This is a
//  part of the directory, which owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UNLISTED_H
#define DOWNLINK_UNLISTED_H

#include "gateway/owners/peer.h"

#define UNLISTED_GRACE_MS                                                                          \
    3000  //  names are resolved every second, and a first announcement takes less
#define UNLISTED_FORGET_MS 3000  //  after the last announcement that names it
#define UNLISTED_MAX 16          //  further ones say nothing new

typedef struct unlisted unlisted_t;

unlisted_t *unlisted_new (void);

void unlisted_destroy (unlisted_t **self_p);

//  Compare the members that one peer announces with all peers (of peer_t *). Each call looks at
//  another peer. Log every member that has been unlisted for UNLISTED_GRACE_MS.
void unlisted_look (unlisted_t *self, const GPtrArray *peers, int64_t now_ms);

//  Return how many members have been unlisted for UNLISTED_GRACE_MS.
uint32_t unlisted_count (const unlisted_t *self);

//  Return the address of one of them, host:port, or NULL. Borrowed until the next look.
const char *unlisted_address (const unlisted_t *self);

#endif
