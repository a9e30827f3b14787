//  A bucket counts down by itself: the time at which it is full again lies one interval further in
//  the future after each request, and no more than a second ahead.
//  SPDX-License-Identifier: Apache-2.0
#include "common/network/rates.h"

#include <glib.h>

#include "common/text/text_hash.h"

#define ROWS 2
#define BUCKETS 65536  //  of a row; a power of two
#define SECOND_NS INT64_C (1000000000)

struct rates {
    uint64_t per_second;
    int64_t interval_ns;  //  between two requests at this rate
    uint64_t seeds[ROWS];
    GMutex lock;  //  of all buckets
    int64_t full_at_ns[ROWS][BUCKETS];
};

rates_t *
rates_new (uint64_t per_second)
{
    g_assert (per_second >= 1 && per_second <= RATE_MAX);
    rates_t *self = g_new0 (rates_t, 1);
    self->per_second = per_second;
    g_mutex_init (&self->lock);
    self->interval_ns = SECOND_NS / (int64_t) per_second;
    for (unsigned row = 0; row < ROWS; row++)
        self->seeds[row] = (uint64_t) g_random_int () << 32 | g_random_int ();
    return self;
}

void
rates_destroy (rates_t **self_p)
{
    if (*self_p)
        g_mutex_clear (&(*self_p)->lock);
    g_clear_pointer (self_p, g_free);
}

uint64_t
rates_per_second (const rates_t *self)
{
    return self->per_second;
}

static int64_t *
s_bucket (rates_t *self, unsigned row, uint64_t client)
{
    const uint64_t key[] = {self->seeds[row], client};
    uint64_t hash = text_hash (text_of ((const char *) key, sizeof key));
    return &self->full_at_ns[row][hash % BUCKETS];
}

bool
rates_take (rates_t *self, uint64_t client, int64_t now_us)
{
    int64_t now_ns = now_us * 1000;
    int64_t *first = s_bucket (self, 0, client);
    int64_t *second = s_bucket (self, 1, client);
    g_mutex_lock (&self->lock);
    int64_t full_at_ns = MAX (MIN (*first, *second), now_ns) + self->interval_ns;
    bool is_taken = full_at_ns - now_ns <= SECOND_NS;
    if (is_taken) {
        *first = MAX (*first, full_at_ns);
        *second = MAX (*second, full_at_ns);
    }
    g_mutex_unlock (&self->lock);
    return is_taken;
}
