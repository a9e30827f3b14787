//  A processor as a worker sees it, and what is wrong with all of them together. The directory owns
//  the peers.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PEER_H
#define DOWNLINK_PEER_H

#include "common/bytes/announcement.h"
#include "common/network/addresses.h"
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

//  Counts that are 0 in a healthy system.
typedef struct {
    uint32_t refused_processors;    //  of another state than the one that is served
    uint32_t contested_partitions;  //  claimed by two processors
    uint32_t implausible_claims;    //  of partitions, under an epoch that cannot be
    uint32_t unlisted_processors;  //  they share the state and are not in --processors (unlisted.h)
} alarms_t;

#endif
