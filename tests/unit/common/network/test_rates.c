//  The buckets of clients.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <pthread.h>

#include "common/network/rates.h"

#define SECOND_US 1000000

static unsigned
s_take_all (rates_t *rates, uint64_t client, int64_t now_us, unsigned tries)
{
    unsigned taken = 0;
    for (unsigned try = 0; try < tries; try++)
        taken += rates_take (rates, client, now_us);
    return taken;
}

Test (rates, a_bucket_holds_one_second_and_fills_at_the_rate)
{
    rates_t *rates = rates_new (10);
    int64_t now_us = 5 * SECOND_US;
    cr_expect_eq (rates_per_second (rates), 10);
    cr_expect_eq (s_take_all (rates, 1, now_us, 50), 10);
    cr_expect_eq (s_take_all (rates, 2, now_us, 50), 10, "each client has a bucket of its own");
    now_us += 99 * 1000;
    cr_expect_eq (s_take_all (rates, 1, now_us, 50), 0);
    now_us += 1000;
    cr_expect_eq (s_take_all (rates, 1, now_us, 50), 1);
    now_us += 500 * 1000;
    cr_expect_eq (s_take_all (rates, 1, now_us, 50), 5);
    now_us += 1000 * (int64_t) SECOND_US;
    cr_expect_eq (s_take_all (rates, 1, now_us, 50), 10, "it holds no more than a second");
    rates_destroy (&rates);
    cr_expect_null (rates);
}

Test (rates, the_least_and_the_most_are_kept)
{
    rates_t *slow = rates_new (1);
    rates_t *fast = rates_new (RATE_MAX);
    cr_expect_eq (s_take_all (slow, 7, SECOND_US, 5), 1);
    cr_expect_eq (s_take_all (fast, 7, SECOND_US, 100000), 100000);
    rates_destroy (&slow);
    rates_destroy (&fast);
}

//  Among many busy clients no client gets more than its rate, and hardly any gets less.
Test (rates, ten_thousand_clients_at_once_get_their_rate)
{
    rates_t *rates = rates_new (5);
    unsigned short_changed = 0;
    for (uint64_t client = 0; client < 10000; client++) {
        unsigned taken = s_take_all (rates, client, SECOND_US, 8);
        cr_assert_leq (taken, 5);
        short_changed += taken < 5;
    }
    cr_expect_leq (short_changed, 500);
    rates_destroy (&rates);
}

typedef struct {
    rates_t *rates;
    unsigned taken;
} taker_t;

static void *
s_take (void *data)
{
    taker_t *self = data;
    self->taken = s_take_all (self->rates, 3, SECOND_US, 2000);
    return NULL;
}

Test (rates, threads_share_a_bucket_without_losing_count)
{
    rates_t *rates = rates_new (1000);
    taker_t takers[4];
    pthread_t threads[4];
    for (unsigned index = 0; index < 4; index++) {
        takers[index] = (taker_t){rates, 0};
        cr_assert_eq (pthread_create (&threads[index], NULL, s_take, &takers[index]), 0);
    }
    unsigned taken = 0;
    for (unsigned index = 0; index < 4; index++) {
        pthread_join (threads[index], NULL);
        taken += takers[index].taken;
    }
    cr_expect_eq (taken, 1000);
    rates_destroy (&rates);
}
