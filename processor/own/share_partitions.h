//  Which member gets which partition: rendezvous hashing with equal shares. Each pair of a member and
//  a partition has a score; pairs are taken from the highest score down, and a member that has its
//  share takes no more. So everybody who knows the same members comes to the same result, shares
//  differ by one at most, and few move when a member comes or goes: of 16 on average one more than must.
//  A pure function.
//
//  (Highest random weight: Thaler and Ravishankar, 1998; bounded loads: Mirrokni et al., 2018.)
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SHARE_PARTITIONS_H
#define DOWNLINK_SHARE_PARTITIONS_H

#include <stddef.h>

#include "common/bytes/announcement.h"

typedef struct {
    uint8_t id[PROCESSOR_ID_SIZE];
} member_id_t;

//  Where others reach the frames of a member, "tcp://address:port"; empty if that is not known.
typedef struct {
    char text[ENDPOINT_SIZE];
} member_endpoint_t;

//  Write into owners, which has room for so many partitions, the place of each one's owner in
//  members (1 to MEMBERS_MAX, in any order: only the ids count).
void share_partitions (
    const member_id_t *members, size_t count, uint32_t partitions, uint32_t *owners);

#endif
