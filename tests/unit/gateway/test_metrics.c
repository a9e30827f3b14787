//  Histograms: which bucket a duration falls into, and how near a quantile comes to the truth; what
//  the workers of a gateway count, summed.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/metrics/gateway_metrics.h"

Test (metrics, every_duration_is_in_the_bucket_that_begins_below_it_and_ends_above_it)
{
    for (uint64_t us = 0; us < 200000; us++) {
        unsigned bucket = histogram_bucket (us);
        cr_assert_leq (histogram_bucket_low (bucket), us);
        cr_assert_gt (histogram_bucket_low (bucket + 1), us);
    }
}

Test (metrics, the_last_bucket_takes_whatever_is_longer)
{
    cr_assert_eq (histogram_bucket (120 * 1000000), HISTOGRAM_BUCKETS - 2);
    cr_assert_eq (histogram_bucket (130 * 1000000), HISTOGRAM_BUCKETS - 1);
    cr_assert_eq (histogram_bucket (UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

Test (metrics, a_bucket_is_at_most_an_eighth_of_its_beginning_wide)
{
    for (unsigned bucket = HISTOGRAM_STEPS; bucket < HISTOGRAM_BUCKETS; bucket++) {
        uint64_t low = histogram_bucket_low (bucket);
        cr_assert_leq (8 * (histogram_bucket_low (bucket + 1) - low), low);
    }
}

Test (metrics, a_quantile_is_within_an_eighth_of_the_true_one)
{
    static histogram_t histogram;
    durations_t durations = {0};
    for (int64_t us = 1; us <= 100000; us++)
        histogram_add (&histogram, us, 1);
    durations_add (&durations, &histogram);
    cr_assert_eq (durations_count (&durations), 100000);
    cr_assert_eq (durations.sum_us, 5000050000ull);
    const double fractions[] = {0.01, 0.5, 0.9, 0.99, 1};
    for (size_t index = 0; index < G_N_ELEMENTS (fractions); index++) {
        double truth_ms = 100 * fractions[index];
        double found_ms = durations_quantile_ms (&durations, fractions[index]);
        cr_assert_float_eq (found_ms, truth_ms, truth_ms / 8, "%g: %g", truth_ms, found_ms);
    }
}

Test (metrics, of_nothing_there_is_no_quantile_and_a_negative_duration_is_none)
{
    static histogram_t histogram;
    durations_t durations = {0};
    cr_assert_lt (durations_quantile_ms (&durations, 0.5), 0);
    histogram_add (&histogram, -5, 3);
    durations_add (&durations, &histogram);
    cr_assert_eq (durations.buckets[0], 3);
    cr_assert_eq (durations.sum_us, 0);
}

Test (metrics, what_came_since_is_the_difference)
{
    static histogram_t histogram;
    durations_t before = {0};
    durations_t after = {0};
    histogram_add (&histogram, 1000, 5);
    durations_add (&before, &histogram);
    histogram_add (&histogram, 50000, 1);
    durations_add (&after, &histogram);
    durations_subtract (&after, &before);
    cr_assert_eq (durations_count (&after), 1);
    cr_assert_eq (after.sum_us, 50000);
    cr_assert_gt (durations_quantile_ms (&after, 0.5), 40);
}

static gateway_metrics_t *s_metrics;

static void
s_set_up (void)
{
    s_metrics = gateway_metrics_new (2, 1000, 0);
}

static void
s_tear_down (void)
{
    gateway_metrics_destroy (&s_metrics);
}

TestSuite (gateway_metrics, .init = s_set_up, .fini = s_tear_down);

Test (gateway_metrics, what_the_workers_count_is_summed)
{
    worker_metrics_t *one = gateway_metrics_of (s_metrics, 0);
    worker_metrics_t *two = gateway_metrics_of (s_metrics, 1);
    counter_add (&one->accepted, 3);
    counter_add (&two->accepted, 4);
    worker_metrics_answered (one, ROUTE_MESSAGES, 202, NULL, 100);
    worker_metrics_answered (two, ROUTE_MESSAGES, 202, NULL, 100);
    worker_metrics_answered (one, ROUTE_ROCKET, 404, "no-rocket", 100);
    worker_metrics_answered (one, ROUTE_MESSAGES, 503, "buffer-full", 100);
    worker_metrics_answered (two, ROUTE_MESSAGES, 503, "buffer-full", 100);
    gateway_totals_t *totals = gateway_metrics_sum (s_metrics);
    cr_assert_eq (totals->accepted, 7);
    cr_assert_eq (totals->answers[ROUTE_MESSAGES][202 - STATUSES_MIN], 2);
    cr_assert_eq (totals->answers[ROUTE_ROCKET][404 - STATUSES_MIN], 1);
    cr_assert_eq (durations_count (&totals->latencies[LATENCY_accept]), 2);
    cr_assert_eq (durations_count (&totals->latencies[LATENCY_query]), 1);
    cr_assert_str_eq (totals->reasons[0].name, "no-rocket");
    cr_assert_str_eq (totals->reasons[1].name, "buffer-full");
    cr_assert_eq (totals->reasons[1].count, 2);
    cr_assert_eq (totals->buffer_limit, 1000);
    g_free (totals);
}

Test (gateway_metrics, more_reasons_than_there_is_room_for_do_no_harm)
{
    char reasons[REASONS_MAX + 10][16];
    worker_metrics_t *one = gateway_metrics_of (s_metrics, 0);
    for (size_t index = 0; index < G_N_ELEMENTS (reasons); index++) {
        g_snprintf (reasons[index], sizeof reasons[index], "reason-%zu", index);
        worker_metrics_answered (one, ROUTE_NONE, 400, reasons[index], 0);
    }
    gateway_totals_t *totals = gateway_metrics_sum (s_metrics);
    cr_assert_str_eq (totals->reasons[REASONS_MAX - 1].name, reasons[REASONS_MAX - 1]);
    g_free (totals);
}

Test (gateway_metrics, recent_is_what_came_in_the_last_ten_samples)
{
    worker_metrics_t *one = gateway_metrics_of (s_metrics, 0);
    worker_metrics_answered (one, ROUTE_MESSAGES, 202, NULL, 100);
    for (int sample = 0; sample <= 10; sample++) {
        gateway_totals_t *totals = gateway_metrics_sum (s_metrics);
        uint64_t expected = sample < 10 ? 1 : 0;
        cr_assert_eq (durations_count (&totals->recent[LATENCY_accept]), expected);
        cr_assert_eq (durations_count (&totals->latencies[LATENCY_accept]), 1);
        g_free (totals);
        gateway_metrics_sample (s_metrics);
    }
}

Test (gateway_metrics, the_lag_is_the_sum_of_the_messages_and_the_age_of_the_oldest)
{
    worker_metrics_t *one = gateway_metrics_of (s_metrics, 0);
    worker_metrics_t *two = gateway_metrics_of (s_metrics, 1);
    counter_add (&one->lag_messages[5], 10);
    counter_add (&two->lag_messages[5], 1);
    int64_t now_us = g_get_monotonic_time ();
    counter_set (&one->oldest_us[5], (uint64_t) (now_us - 1000000));
    counter_set (&two->oldest_us[5], (uint64_t) (now_us - 3000000));
    counter_set (&two->oldest_us[6], (uint64_t) (now_us - 3000000));
    gateway_totals_t *totals = gateway_metrics_sum (s_metrics);
    double passed_seconds = (double) (g_get_monotonic_time () - now_us) / 1000000;
    cr_assert_eq (totals->lag_messages[5], 11);
    cr_assert_geq (totals->lag_seconds[5], 3);
    cr_assert_leq (totals->lag_seconds[5], 3 + passed_seconds);
    cr_assert_eq (totals->lag_messages[6], 0);
    cr_assert_eq (totals->lag_seconds[6], 0);
    g_free (totals);
}
