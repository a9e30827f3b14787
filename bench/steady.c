//  bench-steady: send messages to the same rockets at a steady rate until a signal stops it, and
//  print a line of JSON every few seconds. The messages of each rocket are numbered without a gap.
//  SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "common/options/options.h"
#include "common/process/stop_signals.h"
#include "launch/campaign.h"
#include "launch/report.h"

static uint64_t s_rockets, s_slices, s_slice_ms;
static campaign_plan_t s_plan = {.batch = 1, .retry_ms = 100, .timeout_ms = 30000};

static const option_t s_options[] = {
    {"rockets", OPTION_NUMBER, &s_rockets, "1000", NULL, 1, 10000000, "how many rockets"},
    {"rate", OPTION_NUMBER, &s_plan.rate, "1000", NULL, 1, 10000000, "messages a second"},
    {"concurrency-level", OPTION_NUMBER, &s_plan.concurrency, "64", NULL, 1, 10000,
        "how many requests are open at a time"},
    {"slice", OPTION_DURATION, &s_slice_ms, "5s", NULL, 100, 600000, "from one line to the next"},
    {"slices", OPTION_NUMBER, &s_slices, "12", NULL, 1, 1000000, "how many lines, then it ends"},
};

static const options_t s_usage = {.program = "bench-steady",
    .summary = "sends at a steady rate, and says every few seconds how that went",
    .arguments = "URL",
    .options = s_options,
    .count = G_N_ELEMENTS (s_options)};

static char *
s_message (uint64_t sent)
{
    uint64_t number = sent / s_rockets + 1;
    return g_strdup_printf ("{\"metadata\":{\"channel\":\"steady-%08llu\",\"messageNumber\":%llu,"
                            "\"messageTime\":\"2022-02-02T19:39:05.86337+01:00\",\"messageType\":"
                            "\"Rocket%s}}",
        (unsigned long long) (sent % s_rockets), (unsigned long long) number,
        number == 1 ? "Launched\"},\"message\":{\"type\":\"Falcon-9\",\"launchSpeed\":500,"
                      "\"mission\":\"ARTEMIS\""
                    : "SpeedIncreased\"},\"message\":{\"by\":30");
}

//  Send the messages of one slice. False if not all were delivered: it was told to stop.
static bool
s_send_slice (const http_place_t *place, uint64_t *sent)
{
    GPtrArray *messages = g_ptr_array_new_with_free_func (g_free);
    for (uint64_t count = s_plan.rate * s_slice_ms / 1000; count > 0; count--)
        g_ptr_array_add (messages, s_message ((*sent)++));
    campaign_result_t result;
    campaign_run (&s_plan, place, messages, &result);
    bool is_whole = result.delivered == result.messages;
    report_print (&result, 0, false, true);
    fflush (stdout);
    campaign_result_clear (&result);
    g_ptr_array_unref (messages);
    return is_whole;
}

int
main (int argc, char **argv)
{
    http_place_t place;
    int count = options_read (&s_usage, argc, argv);
    const char *fault = count != 1 ? "one URL is expected" : http_place_read (&place, argv[1]);
    if (fault)
        options_refuse (&s_usage, "%s", fault);
    fault = place.is_secure ? http_place_set_trust (&place, NULL) : NULL;
    if (fault)
        options_refuse (&s_usage, "%s", fault);
    fault = http_place_resolve (&place, INT64_MAX);
    if (fault) {
        fprintf (stderr, "bench-steady: '%s' cannot be resolved: %s\n", place.host, fault);
        return 1;
    }
    s_plan.stop_fd = stop_signals_open ();
    uint64_t sent = 0;
    bool good = true;
    for (uint64_t slice = 0; slice < s_slices && good; slice++)
        good = s_send_slice (&place, &sent);
    http_place_free (&place);
    return good ? 0 : 1;
}
