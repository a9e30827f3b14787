//  A processor as a worker sees it, and the alarms about all processors. The directory owns the
//  peers.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PEER_H
#define DOWNLINK_PEER_H

#include "common/bytes/announcement.h"
#include "common/network/addresses.h"
#include "common/network/socket.h"
#include "common/network/socket_keys.h"
#include "gateway/owners/served_state.h"

//  One address of a processor, and the sockets connected to it.
typedef struct {
    address_t address;
    socket_t *frames;         //  PUSH
    socket_t *queries;        //  DEALER, for short queries
    socket_t *lists;          //  DEALER, for lists, whose long replies would delay others
    socket_t *events;         //  SUB
    bool is_known;            //  its last announcement is younger than SILENCE_MS
    state_verdict_t verdict;  //  about its announced state
    int64_t undecided_ms;     //  when it began to wait for a verdict; 0: it has a verdict
    int64_t heard_ms;
    uint64_t incarnation;   //  new for every process at this address
    uint64_t session;       //  new for every process, and after every change of the frames' link
    uint64_t link_changes;  //  the last count seen
    bool is_link_broken;
    uint8_t server[SOCKET_KEY_SIZE];  //  the key that the processor must have, if links have keys
    size_t key_place;                 //  index of that key among the keys that may announce
    bool may_acknowledge;             //  its acks count
    uint64_t links;                   //  how often the sockets were made
    int64_t linked_ms;                //  when the sockets were made last
    bool is_doubtful;                 //  its links for queries may have been refused
    int64_t refusal_logged_ms;
    owner_announcement_t announcement;  //  the last one
} peer_t;

//  Counts that are 0 in a healthy system.
typedef struct {
    uint32_t refused_processors;    //  of a state that is not served
    uint32_t contested_partitions;  //  claimed by two processors
    uint32_t implausible_claims;    //  of partitions, under an impossible epoch
    uint32_t unlisted_processors;  //  they share the state and are not in --processors (unlisted.h)
    uint32_t away_stores;          //  of processors whose store does not answer
    uint32_t full_processors;      //  they hold as many rockets as they may
} alarms_t;

#endif
