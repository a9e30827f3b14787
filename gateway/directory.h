//  Which processor owns which partition at the moment, and the sockets to each of them. It hears the
//  processors' announcements; who owns a partition is what they say, the highest epoch first, and
//  two seconds of silence count as owning nothing. A worker owns its directory.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DIRECTORY_H
#define DOWNLINK_DIRECTORY_H

#include "common/announcement.h"
#include "common/socket.h"
#include "common/discovery.h"

//  One address of a processor, and the sockets that are connected to it.
typedef struct {
    address_t address;
    socket_t *frames;   //  PUSH
    socket_t *queries;  //  DEALER, of small questions
    socket_t *lists;    //  DEALER, of lists: their answers are in nobody's way
    socket_t *events;   //  SUB
    bool is_known;      //  it has announced itself, and was heard of within SILENCE_MS
    int64_t heard_ms;
    uint64_t session;  //  a number that is new each time it comes up, or comes back as another one
    owner_announcement_t announcement;  //  the newest
} peer_t;

typedef struct directory directory_t;

//  Acks are heard for this source, and shown to the function. The discovery is borrowed.
directory_t *directory_new (discovery_t *discovery, const uint8_t source[FRAME_SOURCE_SIZE],
    ack_range_fn *ack, void *context);

void directory_destroy (directory_t **self_p);

//  Take in what the processors published, and look who has fallen silent. Never waits.
void directory_run (directory_t *self);

//  P; 0 as long as no processor has said it.
uint32_t directory_partitions (const directory_t *self);

//  The owner of a partition, or NULL. Borrowed until the next directory_run.
peer_t *directory_owner (const directory_t *self, uint32_t partition);

//  The epoch under which that owner holds it; 0 without one.
uint64_t directory_epoch (const directory_t *self, uint32_t partition);

//  How many partitions have no owner; all of them (at least 1) while P is not known.
uint32_t directory_unowned (const directory_t *self);

//  A number that changes whenever an owner does.
uint64_t directory_generation (const directory_t *self);

//  The peers, each with sockets; *count says how many. Borrowed until the next directory_run.
peer_t *const *directory_peers (const directory_t *self, size_t *count);

#endif
