//  Choose the owner of a partition from the processors that claim it. The claim with the highest
//  epoch wins. Claims that no correct processor makes raise an alarm:
//
//    implausible   the epoch is far above the last owner's. An epoch rises by one each time a
//                  partition gets an owner, and that takes time. The gateway ignores the claim
//    contested     two processors claim the partition under one epoch, or one keeps claiming it
//                  under an older epoch. One of them is wrong. Under one epoch the gateway keeps
//                  its current owner; without one, it ignores both claims
//
//  Pure functions. A directory keeps a claims_t, the last owner, for each partition.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CLAIMS_H
#define DOWNLINK_CLAIMS_H

#include "common/bytes/announcement.h"

#define CLAIM_EPOCH_MAX ((uint64_t) 1 << 40)  //  more than a take every 10 ms for 300 years
#define CLAIM_JUMP_MAX 1000  //  the largest rise of an epoch beyond one for each CLAIM_TAKE_MS
#define CLAIM_TAKE_MS 10     //  a partition gets an owner at most this often
#define CLAIM_GRACE_MS 1000  //  the time in which an overtaken processor must stop claiming

//  A processor's claim of the partition.
typedef struct {
    const uint8_t *processor;  //  its id
    uint64_t epoch;
    int64_t heard_ms;  //  the time of the last claim
} claim_t;

//  The last owner of a partition. Zeroed memory: there was none.
typedef struct {
    uint8_t processor[PROCESSOR_ID_SIZE];
    uint64_t epoch;     //  0: there was none
    int64_t since_ms;   //  the time when this owner was first chosen under this epoch
    int64_t judged_ms;  //  the time when it was last chosen
} claims_t;

typedef struct {
    size_t winner;       //  the index of the chosen claim; the number of claims: none
    size_t implausible;  //  the number of implausible claims
    bool is_contested;
} claims_verdict_t;

//  Judge the claims of a partition by all processors that are not silent.
claims_verdict_t claims_judge (claims_t *self, const claim_t *claims, size_t count, int64_t now_ms);

#endif
