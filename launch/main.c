//  downlink-launch: play rockets against a gateway, and verify their states.
//  SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <unistd.h>

#include "common/access/token.h"
#include "common/options/options.h"
#include "common/process/clock.h"
#include "common/process/descriptors.h"
#include "common/process/log.h"
#include "common/process/stop_signals.h"
#include "launch/campaign.h"
#include "launch/flights.h"
#include "launch/report.h"
#include "launch/verify.h"

#define DEFAULT_URL "http://localhost:8088/messages"
#define PATIENCE_MS 10000

#define SEED_NOT_GIVEN UINT64_MAX

static flight_plan_t s_flights = {.seed = SEED_NOT_GIVEN};
static campaign_plan_t s_campaign;
static bool s_verify, s_json;
static const char *s_token, *s_ca;

static const option_t s_options[] = {
    {"rockets", OPTION_NUMBER, &s_flights.rockets, "20", NULL, 1, 10000000, "number of rockets"},
    {"max-messages", OPTION_NUMBER, &s_flights.messages, "100000", NULL, 1, 100000000,
        "messages of all rockets together"},
    {"message-delay", OPTION_DURATION, &s_campaign.delay_ms, "0ms", NULL, 0, 3600000,
        "pause of each sender between two requests"},
    {"concurrency-level", OPTION_NUMBER, &s_campaign.concurrency, "3", NULL, 1, 10000,
        "number of requests at a time"},
    {"seed", OPTION_NUMBER, &s_flights.seed, NULL, NULL, 0, UINT32_MAX,
        "start of the random numbers: the same seed makes the same flights, whose messages count "
        "only once; not set: a new seed for each run, which the summary names"},
    {"new-connections", OPTION_SWITCH, &s_campaign.new_connections, "yes", NULL, 0, 0,
        "yes: open a new connection for every request and never close it; no: reuse connections"},
    {"rate", OPTION_NUMBER, &s_campaign.rate, "0", NULL, 0, 0,
        "messages a second at most; 0: as fast as they are answered"},
    {"batch", OPTION_NUMBER, &s_campaign.batch, "1", NULL, 1, 100000,
        "messages a request, above 1 as NDJSON"},
    {"shuffle", OPTION_NUMBER, &s_flights.shuffle, "280", NULL, 0, 1000000,
        "by how many places messages may change their order"},
    {"duplicates", OPTION_FRACTION, &s_flights.duplicates, "0", NULL, 0, 0,
        "share of the messages that are sent twice"},
    {"retry", OPTION_DURATION, &s_campaign.retry_ms, "500ms", NULL, 1, 3600000,
        "pause before a message without a 2xx is sent again"},
    {"timeout", OPTION_DURATION, &s_campaign.timeout_ms, "10s", NULL, 1, 3600000,
        "time to wait for an answer"},
    {"max-duration", OPTION_DURATION, &s_campaign.max_duration_ms, "0", NULL, 0, 0,
        "stop after this time, delivered or not, including the look-up of the name; 0: never"},
    {"token", OPTION_SECRET, &s_token, NULL, "TOKEN", 0, 0,
        "the token for a gateway with --token-file, with the scopes write and, for --verify, "
        "read; better in DOWNLINK_TOKEN, as other users of this machine see flags for a moment"},
    {"ca", OPTION_TEXT, &s_ca, NULL, "FILE", 0, 0,
        "authorities in PEM that a gateway's certificate must come from, with https://; not set: "
        "the system's"},
    {"verify", OPTION_SWITCH, &s_verify, "no", NULL, 0, 0,
        "ask for every rocket at the end, and compare"},
    {"json", OPTION_SWITCH, &s_json, "no", NULL, 0, 0, "the summary as JSON"},
};

static const options_t s_usage = {"downlink-launch", "plays rockets against a gateway", "[URL]",
    NULL,
    "  downlink-launch " DEFAULT_URL "\n"
    "  downlink-launch :8090 --max-messages 1000\n"
    "  downlink-launch https://gateway.example:8088 --ca authority.pem\n"
    "  downlink-launch --rockets 1000 --shuffle 500 --duplicates 0.05 --verify\n"
    "  downlink-launch --new-connections no --concurrency-level 64 --batch 1000\n",
    s_options, G_N_ELEMENTS (s_options),
    "Plays rockets against a gateway: sends their messages late, more than once and out of order, "
    "repeats requests that were not accepted, and shows its progress. If the gateway refuses a "
    "request for good, for example with 404, it shows the answer and ends with exit status 1. With "
    "--verify it asks for every rocket at the end and compares it with the expected state.\n\n"
    "URL may be a full URL, or HOST:PORT of a gateway, of which a part may be missing: localhost, "
    "[::1], :8088. Without URL it is " DEFAULT_URL "."};

//  Parse the URL and look up its host. The lookup uses up part of --max-duration; the campaign gets
//  the rest. Return false if the host has no address.
static bool
s_find_place (http_place_t *place, const char *url)
{
    int64_t limit_ms = (int64_t) s_campaign.max_duration_ms;
    int64_t begun_ms = clock_ms ();
    const char *fault = http_place_read (place, url);
    if (fault)
        options_refuse (&s_usage, "'%s': %s", url, fault);
    fault = place->is_secure ? http_place_set_trust (place, s_ca) : NULL;
    if (fault)
        options_refuse (&s_usage, "--ca: %s: %s", s_ca ? s_ca : "the system", fault);
    if (s_token && !token_is_well_formed (text_from (s_token)))
        options_refuse (&s_usage, "--token: this is no token");
    if (s_token)
        http_place_set_token (place, s_token);
    fault = http_place_resolve (place, limit_ms ? begun_ms + limit_ms : INT64_MAX);
    if (fault)
        fprintf (stderr, "downlink-launch: '%s' cannot be resolved: %s\n", place->host, fault);
    if (limit_ms)
        s_campaign.max_duration_ms = (uint64_t) MAX (1, begun_ms + limit_ms - clock_ms ());
    return !fault;
}

//  Play the flights and print the summary. Return true if all messages were delivered and all
//  rockets are right.
static bool
s_launch (const http_place_t *place)
{
    s_campaign.stop_fd = stop_signals_open ();
    s_campaign.shows_progress = isatty (STDERR_FILENO);
    bool is_given = s_flights.seed != SEED_NOT_GIVEN;
    s_flights.seed = is_given ? s_flights.seed : g_random_int ();
    flights_t *flights = flights_new (&s_flights);
    bool is_repeat = is_given && verify_is_known (flights, place);
    campaign_result_t result;
    campaign_run (&s_campaign, place, flights->messages, &result);
    report_print (&result, s_flights.seed, is_repeat, s_json);
    bool good = result.delivered == result.messages;
    if (good && s_verify) {
        uint64_t right = verify_flights (flights, place, PATIENCE_MS);
        fprintf (s_json ? stderr : stdout, "verified: %llu of %u rockets are right\n",
            (unsigned long long) right, flights->flights->len);
        good = right == flights->flights->len;
    }
    campaign_result_clear (&result);
    flights_destroy (&flights);
    return good;
}

int
main (int argc, char **argv)
{
    int count = options_read (&s_usage, argc, argv);
    log_setup (s_usage.program, LOG_WARN, LOG_TEXT);
    http_place_t place;
    if (count > 1)
        options_refuse (&s_usage, "'%s': one URL is expected", argv[2]);
    if (!descriptors_suffice (s_usage.program, s_campaign.concurrency + CAMPAIGN_DESCRIPTORS))
        return 1;
    bool good = s_find_place (&place, count > 0 ? argv[1] : DEFAULT_URL) && s_launch (&place);
    http_place_free (&place);
    return good ? 0 : 1;
}
