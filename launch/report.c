//  SPDX-License-Identifier: Apache-2.0
#include "launch/report.h"

#include <stdio.h>

static gint
s_compare (gconstpointer a, gconstpointer b)
{
    guint32 one = *(const guint32 *) a;
    guint32 two = *(const guint32 *) b;
    return (one > two) - (one < two);
}

static double
s_percentile_ms (const GArray *latencies, double share)
{
    if (latencies->len == 0)
        return 0;
    guint index = (guint) (share * (latencies->len - 1));
    return g_array_index (latencies, guint32, index) / 1000.0;
}

static void
s_print_statuses (const campaign_result_t *result, const char *format)
{
    bool is_first = true;
    for (unsigned status = 0; status < CAMPAIGN_STATUSES; status++) {
        if (!result->statuses[status])
            continue;
        printf (is_first ? "" : ", ");
        printf (format, status, (unsigned long long) result->statuses[status]);
        is_first = false;
    }
}

void
report_print (campaign_result_t *result, uint64_t seed, bool is_repeat, bool as_json)
{
    g_array_sort (result->latencies_us, s_compare);
    double seconds = (double) MAX (1, result->duration_us) / 1e6;
    double p50 = s_percentile_ms (result->latencies_us, 0.5);
    double p99 = s_percentile_ms (result->latencies_us, 0.99);
    double max = s_percentile_ms (result->latencies_us, 1);
    printf (as_json ? "{\"messages\":%llu,\"delivered\":%llu,\"seconds\":%.3f,\"rate\":%.0f,"
                      "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"requests\":%llu,"
                      "\"retries\":%llu,\"timeouts\":%llu,\"connection_errors\":%llu,"
                      "\"connections\":%llu,\"statuses\":{"
                    : "messages            %llu\ndelivered           %llu\n"
                      "seconds             %.3f\nmessages a second   %.0f\n"
                      "latency p50         %.3f ms\nlatency p99         %.3f ms\n"
                      "latency max         %.3f ms\nrequests            %llu\n"
                      "retries             %llu\ntime-outs           %llu\n"
                      "connection errors   %llu\nconnections         %llu\n"
                      "answers             ",
        (unsigned long long) result->messages, (unsigned long long) result->delivered, seconds,
        (double) result->delivered / seconds, p50, p99, max, (unsigned long long) result->requests,
        (unsigned long long) result->retries, (unsigned long long) result->timeouts,
        (unsigned long long) result->connection_errors, (unsigned long long) result->connections);
    s_print_statuses (result, as_json ? "\"%u\":%llu" : "%u: %llu");
    if (as_json)
        printf ("},\"seed\":%llu,\"isRepeat\":%s}\n", (unsigned long long) seed,
            is_repeat ? "true" : "false");
    else
        printf ("\nseed                %llu\n", (unsigned long long) seed);
    if (is_repeat && !as_json)
        printf ("duplicates          an earlier run has played these flights: messages that were "
                "sent then count only once; leave out --seed for new flights\n");
    fflush (stdout);  //  show it before the verification
}
