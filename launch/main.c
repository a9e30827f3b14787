//  downlink-launch: plays rockets against a gateway, and verifies what it made of them.
//  SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <unistd.h>

#include "common/options/options.h"
#include "common/process/stop_signals.h"
#include "launch/campaign.h"
#include "launch/flights.h"
#include "launch/report.h"
#include "launch/verify.h"

#define DEFAULT_URL "http://localhost:8088/messages"
#define PATIENCE_MS 10000

static flight_plan_t s_flights;
static campaign_plan_t s_campaign;
static bool s_verify, s_json;

static const option_t s_options[] = {
    {"rockets", OPTION_NUMBER, &s_flights.rockets, "20", NULL, 1, 10000000, "how many rockets"},
    {"max-messages", OPTION_NUMBER, &s_flights.messages, "100000", NULL, 1, 100000000,
        "messages of all rockets together"},
    {"message-delay", OPTION_DURATION, &s_campaign.delay_ms, "0ms", NULL, 0, 3600000,
        "pause of each sender between two requests"},
    {"concurrency-level", OPTION_NUMBER, &s_campaign.concurrency, "3", NULL, 1, 10000,
        "requests under way at a time"},
    {"seed", OPTION_NUMBER, &s_flights.seed, "444", NULL, 0, UINT32_MAX,
        "the same: the same flights"},
    {"new-connections", OPTION_SWITCH, &s_campaign.new_connections, "yes", NULL, 0, 0,
        "a connection for every request, never closed; else they are used again"},
    {"rate", OPTION_NUMBER, &s_campaign.rate, "0", NULL, 0, 0,
        "messages a second at most; 0: as fast as they are answered"},
    {"batch", OPTION_NUMBER, &s_campaign.batch, "1", NULL, 1, 100000,
        "messages a request, above 1 as NDJSON"},
    {"shuffle", OPTION_NUMBER, &s_flights.shuffle, "280", NULL, 0, 1000000,
        "places by which messages change their order"},
    {"duplicates", OPTION_FRACTION, &s_flights.duplicates, "0", NULL, 0, 0,
        "share of the messages that are sent twice"},
    {"retry", OPTION_DURATION, &s_campaign.retry_ms, "500ms", NULL, 1, 3600000,
        "until what got no 2xx is sent again"},
    {"timeout", OPTION_DURATION, &s_campaign.timeout_ms, "10s", NULL, 1, 3600000,
        "until an answer is given up"},
    {"max-duration", OPTION_DURATION, &s_campaign.max_duration_ms, "0", NULL, 0, 0,
        "stop after so long, delivered or not; 0: never"},
    {"verify", OPTION_SWITCH, &s_verify, "no", NULL, 0, 0,
        "ask for every rocket at the end, and compare"},
    {"json", OPTION_SWITCH, &s_json, "no", NULL, 0, 0, "the summary as JSON"},
};

static const options_t s_usage = {"downlink-launch", "plays rockets against a gateway", "[URL]",
    "  downlink-launch " DEFAULT_URL "\n"
    "  downlink-launch --rockets 1000 --shuffle 500 --duplicates 0.05 --verify\n"
    "  downlink-launch --new-connections no --concurrency-level 64 --batch 1000\n",
    s_options, G_N_ELEMENTS (s_options),
    "Plays rockets against a gateway: sends their messages late, more than once and out of order, "
    "sends again what was not accepted, and shows how far it is. With --verify it asks for every "
    "rocket at the end and holds it against what its messages must lead to.\n\n"
    "URL is where messages are posted; " DEFAULT_URL " without one."};

int
main (int argc, char **argv)
{
    int count = options_read (&s_usage, argc, argv);
    const char *url = count > 0 ? argv[1] : DEFAULT_URL;
    http_place_t place;
    const char *fault = count > 1 ? "one URL is expected" : http_place_read (&place, url);
    if (fault)
        options_refuse (&s_usage, "'%s': %s", url, fault);
    s_campaign.stop_fd = stop_signals_open ();
    s_campaign.shows_progress = isatty (STDERR_FILENO);
    flights_t *flights = flights_new (&s_flights);
    campaign_result_t result;
    campaign_run (&s_campaign, &place, flights->messages, &result);
    report_print (&result, s_json);
    bool good = result.delivered == result.messages;
    if (good && s_verify) {
        uint64_t right = verify_flights (flights, &place, PATIENCE_MS);
        fprintf (s_json ? stderr : stdout, "verified: %llu of %u rockets are right\n",
            (unsigned long long) right, flights->flights->len);
        good = right == flights->flights->len;
    }
    campaign_result_clear (&result);
    flights_destroy (&flights);
    http_place_free (&place);
    return good ? 0 : 1;
}
