//  The numbers that a program counts about itself: counters, gauges and histograms of latency. One
//  thread writes each number; any other thread may read it at any time. Neither waits. Writing
//  costs an addition.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_METRICS_H
#define DOWNLINK_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

//  A number that one thread writes. Zeroed memory is a counter of 0.
typedef struct {
    _Atomic uint64_t value;
} counter_t;

static inline uint64_t
counter_get (const counter_t *self)
{
    return atomic_load_explicit (&self->value, memory_order_relaxed);
}

static inline void
counter_set (counter_t *self, uint64_t value)
{
    atomic_store_explicit (&self->value, value, memory_order_relaxed);
}

//  Add a number. There is one writer, so no locked instruction is needed.
static inline void
counter_add (counter_t *self, uint64_t number)
{
    counter_set (self, counter_get (self) + number);
}

//  The buckets of a histogram: each microsecond below 8 has a bucket, and from there on every
//  octave has eight, so a bucket is at most 12.5 % wide. The last bucket takes all durations from
//  two minutes upwards.
#define HISTOGRAM_STEPS 8
#define HISTOGRAM_BUCKETS (HISTOGRAM_STEPS * 25)

//  A histogram of durations. Zeroed memory is an empty one.
typedef struct {
    counter_t buckets[HISTOGRAM_BUCKETS];
    counter_t sum_us;
} histogram_t;

//  Return the bucket of a duration.
static inline unsigned
histogram_bucket (uint64_t us)
{
    if (us < HISTOGRAM_STEPS)
        return (unsigned) us;
    unsigned shift = 60 - (unsigned) __builtin_clzll (us);
    unsigned bucket = HISTOGRAM_STEPS * shift + (unsigned) (us >> shift);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

//  Return the lower end of a bucket, in microseconds. It ends where the next bucket begins.
uint64_t histogram_bucket_low (unsigned bucket);

//  Add a duration in microseconds, number times. A negative duration counts as 0.
static inline void
histogram_add (histogram_t *self, int64_t us, uint64_t number)
{
    uint64_t duration = us > 0 ? (uint64_t) us : 0;
    counter_add (&self->buckets[histogram_bucket (duration)], number);
    counter_add (&self->sum_us, duration * number);
}

//  A copy of a histogram, or the sum or difference of several. Zeroed memory is empty.
typedef struct {
    uint64_t buckets[HISTOGRAM_BUCKETS];
    uint64_t sum_us;
} durations_t;

//  Add the durations of a histogram.
void durations_add (durations_t *self, const histogram_t *histogram);

//  Subtract an earlier copy, so that the durations since then remain.
void durations_subtract (durations_t *self, const durations_t *earlier);

uint64_t durations_count (const durations_t *self);

//  Return the duration in milliseconds that a fraction (0 to 1) of all durations did not exceed; -1
//  if there are none.
double durations_quantile_ms (const durations_t *self, double fraction);

#endif
