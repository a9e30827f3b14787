//  Which processor owns which partition at the moment, and the sockets to each of them. It hears
//  the processors' announcements; the owner of a partition is the processor that claims it under
//  the highest epoch (claims.h), and two seconds of silence count as owning nothing. Processors of
//  another state than the one that is served (served_state.h) own nothing. A worker owns its
//  directory.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DIRECTORY_H
#define DOWNLINK_DIRECTORY_H

#include "common/network/discovery.h"
#include "gateway/owners/peer.h"

typedef struct directory directory_t;

//  Told for every range of an ack that this peer has published, as ack_range_fn is.
typedef void (directory_ack_fn) (
    void *context, const peer_t *peer, uint64_t first, uint64_t last, const void *digests);

//  Make a directory without peers. The discovery and the state are borrowed.
directory_t *directory_new (discovery_t *discovery, served_state_t *state);

//  Listen to the acks for a source, and show them to the function. Call it before the first
//  directory_run.
void directory_hear_acks (directory_t *self, const uint8_t source[FRAME_SOURCE_SIZE],
    directory_ack_fn *ack, void *context);

void directory_destroy (directory_t **self_p);

//  Take in what the processors published, and look who has fallen silent. Never waits.
void directory_run (directory_t *self);

//  P; 0 as long as no processor has said it.
uint32_t directory_partitions (const directory_t *self);

//  The owner of a partition, or NULL. Borrowed until the next directory_run.
peer_t *directory_owner (const directory_t *self, uint32_t partition);

//  The epoch under which that owner holds it; 0 without one.
uint64_t directory_epoch (const directory_t *self, uint32_t partition);

//  A number that is new whenever the owner, its epoch or the link to it is another one: what was
//  sent before that may be lost. An owner that was only silent for a while keeps it. 0 without an
//  owner, and while the link to it is broken.
uint64_t directory_session (const directory_t *self, uint32_t partition);

//  How many partitions have no owner; all of them (at least 1) while P is not known.
uint32_t directory_unowned (const directory_t *self);

//  A number that changes whenever an owner does.
uint64_t directory_generation (const directory_t *self);

//  The peers, each with sockets; *count says how many. Borrowed until the next directory_run.
peer_t *const *directory_peers (const directory_t *self, size_t *count);

//  Return the alarms at the moment.
alarms_t directory_alarms (const directory_t *self);

//  Return where a processor is that shares the state and is not in --processors, as host:port; NULL
//  if there is none. Borrowed until the next directory_run.
const char *directory_unlisted (const directory_t *self);

//  The state that is served; one that is not known if none was heard or chosen.
state_id_t directory_state (const directory_t *self);

//  Copy two states of which none can be chosen; false if that is not so.
bool directory_doubt (const directory_t *self, state_id_t doubt[2]);

#endif
