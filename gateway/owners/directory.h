//  Which processor owns which partition at the moment, and the sockets to each of them. It hears the
//  processors' announcements; the owner of a partition is the processor that claims it under the highest
//  epoch (claims.h), and two seconds of silence count as owning nothing. Processors of another state than
//  the one that is served (served_state.h) own nothing. A worker owns its directory.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DIRECTORY_H
#define DOWNLINK_DIRECTORY_H

#include "common/bytes/announcement.h"
#include "common/network/discovery.h"
#include "common/network/socket.h"
#include "gateway/owners/served_state.h"

//  One address of a processor, and the sockets that are connected to it.
typedef struct {
    address_t address;
    socket_t *frames;         //  PUSH
    socket_t *queries;        //  DEALER, of small questions
    socket_t *lists;          //  DEALER, of lists: their answers are in nobody's way
    socket_t *events;         //  SUB
    bool is_known;            //  it has announced itself, and was heard of within SILENCE_MS
    state_verdict_t verdict;  //  on the state that it announces
    int64_t heard_ms;
    uint64_t incarnation;   //  a number that is new each time another process speaks there
    uint64_t session;       //  and one that is new also when the link of the frames has changed
    uint64_t link_changes;  //  as far as they were seen
    bool is_link_broken;
    int64_t refusal_logged_ms;
    owner_announcement_t announcement;  //  the newest
} peer_t;

typedef struct directory directory_t;

//  Told for every range of an ack that this peer has published, as ack_range_fn is.
typedef void (directory_ack_fn) (
    void *context, const peer_t *peer, uint64_t first, uint64_t last, const void *digests);

//  Acks are heard for this source, and shown to the function. The discovery and the state are borrowed.
directory_t *directory_new (discovery_t *discovery, served_state_t *state,
    const uint8_t source[FRAME_SOURCE_SIZE], directory_ack_fn *ack, void *context);

void directory_destroy (directory_t **self_p);

//  Take in what the processors published, and look who has fallen silent. Never waits.
void directory_run (directory_t *self);

//  P; 0 as long as no processor has said it.
uint32_t directory_partitions (const directory_t *self);

//  The owner of a partition, or NULL. Borrowed until the next directory_run.
peer_t *directory_owner (const directory_t *self, uint32_t partition);

//  The epoch under which that owner holds it; 0 without one.
uint64_t directory_epoch (const directory_t *self, uint32_t partition);

//  A number that is new whenever the owner, its epoch or the link to it is another one: what was sent
//  before that may be lost. An owner that was only silent for a while keeps it. 0 without an owner,
//  and while the link to it is broken.
uint64_t directory_session (const directory_t *self, uint32_t partition);

//  How many partitions have no owner; all of them (at least 1) while P is not known.
uint32_t directory_unowned (const directory_t *self);

//  A number that changes whenever an owner does.
uint64_t directory_generation (const directory_t *self);

//  The peers, each with sockets; *count says how many. Borrowed until the next directory_run.
peer_t *const *directory_peers (const directory_t *self, size_t *count);

//  What no healthy system shows, as it is at the moment.
typedef struct {
    uint32_t refused_processors;    //  of another state than the one that is served
    uint32_t contested_partitions;  //  claimed by two processors
    uint32_t implausible_claims;    //  of partitions, under an epoch that cannot be
    uint32_t unlisted_processors;  //  they share the state and are not in --processors (unlisted.h)
} directory_alarms_t;

directory_alarms_t directory_alarms (const directory_t *self);

//  Return where a processor is that shares the state and is not in --processors, as host:port; NULL if
//  there is none. Borrowed until the next directory_run.
const char *directory_unlisted (const directory_t *self);

//  The state that is served; one that is not known if none was heard or chosen.
state_id_t directory_state (const directory_t *self);

//  Copy two states of which none can be chosen; false if that is not so.
bool directory_doubt (const directory_t *self, state_id_t doubt[2]);

#endif
