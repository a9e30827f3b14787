//  SPDX-License-Identifier: Apache-2.0
#include "common/process/metrics.h"

#include <math.h>

uint64_t
histogram_bucket_low (unsigned bucket)
{
    unsigned shift = bucket / HISTOGRAM_STEPS;
    if (shift == 0)
        return bucket;
    return (uint64_t) (HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) << (shift - 1);
}

void
durations_add (durations_t *self, const histogram_t *histogram)
{
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
        self->buckets[bucket] += counter_get (&histogram->buckets[bucket]);
    self->sum_us += counter_get (&histogram->sum_us);
}

void
durations_subtract (durations_t *self, const durations_t *earlier)
{
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
        self->buckets[bucket] -= earlier->buckets[bucket];
    self->sum_us -= earlier->sum_us;
}

uint64_t
durations_count (const durations_t *self)
{
    uint64_t count = 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
        count += self->buckets[bucket];
    return count;
}

double
durations_quantile_ms (const durations_t *self, double fraction)
{
    double rank = fraction * (double) durations_count (self);
    double below = 0;
    double quantile_us = -1000;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        double inside = (double) self->buckets[bucket];
        if (inside == 0)
            continue;
        double low = (double) histogram_bucket_low (bucket);
        double high = (double) histogram_bucket_low (bucket + 1);
        quantile_us = low + (high - low) * fmin (1, (rank - below) / inside);
        below += inside;
        if (below >= rank)
            break;
    }
    return quantile_us / 1000;
}
