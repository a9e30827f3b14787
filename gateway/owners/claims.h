//  Decides which processor a gateway believes to own a partition, of those that claim it. The
//  highest epoch wins. Claims that no honest processor makes are an alarm:
//
//    implausible   the epoch is far above what the partition's owner had: an epoch rises by one each time
//                  the partition is taken, and that takes its time. The claim is not believed
//    contested     two processors claim the partition under one epoch, or one goes on claiming it under
//                  an older epoch: one of them is mistaken, or lies. Under one epoch the gateway stays
//                  with the owner it has; without one, it believes neither
//
//  Pure functions. A directory has one of these for each partition.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CLAIMS_H
#define DOWNLINK_CLAIMS_H

#include "common/bytes/announcement.h"

#define CLAIM_EPOCH_MAX                                                                            \
    ((uint64_t) 1 << 40)     //  a take every 10 ms for 300 years does not get there
#define CLAIM_JUMP_MAX 1000  //  beyond what the time that has passed allows
#define CLAIM_TAKE_MS 10     //  a partition is not taken more often than that
#define CLAIM_GRACE_MS 1000  //  a processor that was overtaken has so long to say so

//  A processor's claim of the partition.
typedef struct {
    const uint8_t *processor;  //  its id
    uint64_t epoch;
    int64_t heard_ms;  //  when it was claimed last
} claim_t;

//  What a gateway knows of the owner it believed last. Zeroed memory: there was none.
typedef struct {
    uint8_t processor[PROCESSOR_ID_SIZE];
    uint64_t epoch;     //  0: there was none
    int64_t since_ms;   //  when this processor was first believed under this epoch
    int64_t judged_ms;  //  when it was last believed
} claims_t;

typedef struct {
    size_t winner;       //  the claim that is believed; as many as there are: none is
    size_t implausible;  //  how many are not plausible
    bool is_contested;
} claims_verdict_t;

//  Judge all claims of a partition by processors that speak at the moment.
claims_verdict_t claims_judge (claims_t *self, const claim_t *claims, size_t count, int64_t now_ms);

#endif
