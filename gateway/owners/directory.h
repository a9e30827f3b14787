//  The owners of all partitions, and the sockets to every processor. The directory reads the
//  announcements: the owner of a partition is the processor that claims it under the highest epoch
//  (claims.h). A processor that is silent for two seconds owns nothing, and neither does a
//  processor of a state that this gateway does not serve (served_state.h). A worker owns its
//  directory.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DIRECTORY_H
#define DOWNLINK_DIRECTORY_H

#include "common/network/discovery.h"
#include "curve/peer_keeper.h"
#include "gateway/owners/peer.h"

typedef struct directory directory_t;

//  Take one range of an ack that the peer has published, as ack_range_fn does.
typedef void (directory_ack_fn) (
    void *context, const peer_t *peer, uint64_t first, uint64_t last, const void *digests);

//  Make a directory without peers. The discovery, the state and the keys are borrowed; keys NULL:
//  links have no keys.
directory_t *directory_new (discovery_t *discovery, served_state_t *state, peer_keeper_t *keys);

//  Subscribe to the acks for a source, and call the function for them. Call it before the first
//  directory_run.
void directory_hear_acks (directory_t *self, const uint8_t source[FRAME_SOURCE_SIZE],
    directory_ack_fn *ack, void *context);

void directory_destroy (directory_t **self_p);

//  Read the announcements and acks of all processors, and find silent ones. Never wait.
void directory_run (directory_t *self);

//  Return P, or 0 while no processor has announced it.
uint32_t directory_partitions (const directory_t *self);

//  Return P and the partition function.
layout_t directory_layout (const directory_t *self);

//  Return the owner of a partition, or NULL. Borrowed until the next directory_run.
peer_t *directory_owner (const directory_t *self, uint32_t partition);

//  Return the epoch of the owner of a partition; 0 without an owner.
uint64_t directory_epoch (const directory_t *self, uint32_t partition);

//  Return the session of a partition: a number that changes whenever the owner, its epoch or its
//  link changes. Frames sent in an older session may be lost. An owner that was only silent keeps
//  its session. Return 0 while there is no owner, and while its link is broken.
uint64_t directory_session (const directory_t *self, uint32_t partition);

//  Return a rank that rises with the epoch, and also when this gateway follows a moved state, whose
//  epochs begin again.
uint64_t directory_rank (const directory_t *self, uint64_t epoch);

//  Return the number of partitions without an owner; at least 1 while P is unknown.
uint32_t directory_unowned (const directory_t *self);

//  Return a number that changes whenever an owner changes.
uint64_t directory_generation (const directory_t *self);

//  Return all peers, each with sockets, and set *count. Borrowed until the next directory_run.
peer_t *const *directory_peers (const directory_t *self, size_t *count);

//  Return the current alarms.
alarms_t directory_alarms (const directory_t *self);

//  Return the address, host:port, of a processor that shares the state and is not in --processors;
//  NULL if there is none. Borrowed until the next directory_run.
const char *directory_unlisted (const directory_t *self);

//  Return the served state; an unknown one if none was chosen yet.
state_id_t directory_state (const directory_t *self);

//  Return true if the gateway cannot choose between two states, and copy both.
bool directory_doubt (const directory_t *self, state_id_t doubt[2]);

#endif
