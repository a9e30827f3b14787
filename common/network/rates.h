//  How many requests a second each client may send: a bucket for each client, which holds the requests
//  of one second. All workers share the buckets; any thread may call these functions, and none waits.
//
//  A bucket is the time at which it is full again. The table has two rows of them. A client uses one
//  bucket in each row, which a secret hash chooses, and the fuller one counts. So the memory is fixed
//  and there is nothing to run full: no client gets more than its rate, and one gets less only if both
//  its buckets are emptied by others.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RATES_H
#define DOWNLINK_RATES_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_MAX 1000000000  //  requests a second

typedef struct rates rates_t;

//  Make full buckets. per_second is 1 to RATE_MAX.
rates_t *rates_new (uint64_t per_second);

void rates_destroy (rates_t **self_p);

//  Return the rate.
uint64_t rates_per_second (const rates_t *self);

//  Take a request out of the bucket of a client, which a hash stands for. Return false if the bucket
//  is empty. now_us is the time of clock_us.
bool rates_take (rates_t *self, uint64_t client, int64_t now_us);

#endif
