//  Limit the requests a second of each client, with a bucket that holds the requests of one second.
//  All workers share the buckets; any thread may call these functions. A lock guards the buckets.
//
//  A bucket is one number: the time at which it is full again. The table has two rows of buckets. A
//  client uses one bucket in each row, which a secret hash chooses, and the fuller one counts. So
//  the table has a fixed size and never fills up. No client gets more than its rate, and a client
//  gets less only if others empty both its buckets.
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

//  Take a request out of the bucket of a client. client is a hash of the client; now_us is the time
//  of clock_us. Return false if the bucket is empty.
bool rates_take (rates_t *self, uint64_t client, int64_t now_us);

#endif
