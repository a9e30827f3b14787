//  Share the partitions among the members: rendezvous hashing with equal shares. Each pair of a
//  member and a partition has a score. The function takes pairs from the highest score down, and a
//  member that has its share gets no more. So all processors with the same list of members get the
//  same result, shares differ by one at most, and few partitions move when a member comes or goes:
//  of 16, on average one more than necessary. A pure function.
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

//  The endpoint of a member for frames, "tcp://address:port"; empty: unknown.
typedef struct {
    char text[ENDPOINT_SIZE];
} member_endpoint_t;

//  Set owners[partition] to the index of its owner in members, for each of the partitions. There
//  are 1 to MEMBERS_MAX members, in any order.
void share_partitions (
    const member_id_t *members, size_t count, uint32_t partitions, uint32_t *owners);

#endif
