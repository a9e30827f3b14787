//  The number of rockets and the sum of their checksums. Two stores with equal tallies have the
//  same rockets, read in any order. These functions are pure.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TALLY_H
#define DOWNLINK_TALLY_H

#include "common/domain/rocket.h"

//  Zeroed memory counts none.
typedef struct {
    uint64_t rockets;
    uint64_t sum;  //  modulo 2^64
} tally_t;

void tally_add (tally_t *self, const rocket_view_t *rocket);

bool tally_equal (const tally_t *a, const tally_t *b);

#endif
