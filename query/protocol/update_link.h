//  One processor's updates, heard: a SUB of its own, so that no update is in the way of an ack, and
//  the knowledge of whether something was missed. One thread owns a link.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UPDATE_LINK_H
#define DOWNLINK_UPDATE_LINK_H

#include "common/network/socket.h"
#include "query/protocol/rocket_update.h"

typedef struct update_link update_link_t;

//  Told of every update; borrowed during the call.
typedef void (update_fn) (void *context, const rocket_update_t *update);

//  Connect to a processor's events, "tcp://address:port", and listen to nothing. NULL for an
//  endpoint that is none.
update_link_t *update_link_new (const char *endpoint);

void update_link_destroy (update_link_t **self_p);

//  Borrowed: to be waited for.
socket_t *update_link_socket (update_link_t *self);

//  Listen to a rocket, or to all of them (NULL); and no more. Each id once.
void update_link_listen (update_link_t *self, const char *id);
void update_link_ignore (update_link_t *self, const char *id);

//  Ask to be told, under a number above all earlier ones, that what is listened to is in effect.
void update_link_sync (update_link_t *self, uint64_t number);

//  The last number of those that was told by the processor that speaks now; 0: none.
uint64_t update_link_synced (const update_link_t *self);

//  The processor that speaks now; zeros at first.
const uint8_t *update_link_processor (const update_link_t *self);

//  When the processor was heard last, on clock_ms; 0: never. One that lives is heard every 100 ms.
int64_t update_link_heard_ms (const update_link_t *self);

//  Take in what came. Bounded; never waits. True if something may have been missed: another
//  processor speaks, or, of one who listens to all rockets, the sequence is not the next one.
bool update_link_run (update_link_t *self, update_fn *update, void *context)
    __attribute__ ((warn_unused_result));

#endif
