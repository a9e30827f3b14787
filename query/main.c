//  downlink-query: asks the processors directly, over REQ, and prints the replies.
//  SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include "common/access/token.h"
#include "common/network/addresses.h"
#include "common/network/socket.h"
#include "common/options/options.h"
#include "common/process/clock.h"
#include "common/process/descriptors.h"
#include "common/process/log.h"
#include "common/process/stop_signals.h"
#include "curve/curve.h"
#include "query/faults.h"
#include "query/print_answers.h"
#include "query/print_health.h"
#include "query/protocol/cursor.h"
#include "query/watch.h"

#define ID_MAX MESSAGE_CHANNEL_MAX_BYTES
#define DESCRIPTORS_NEEDED 64  //  a few for the libraries, one for each processor
#define EARLY_PAUSE_US (100 * 1000)

static struct {
    const char *processors;
    gateways_t gateways;
    const char *sort;
    uint64_t limit;
    const char *cursor;
    void *cursor_bytes;  //  the texts of the place of the cursor point into them
    const char *status, *type, *mission;
    uint64_t timeout_ms;
    bool json;
    const char *curve_dir;
} s_flags;

static const option_t s_options[] = {
    {"processors", OPTION_TEXT, &s_flags.processors, "localhost:5561", "LIST", 0, 0,
        "HOST:PORT of one or more processors (their --port), comma-separated; they name the "
        "others"},
    {"gateways", OPTION_TEXT, &s_flags.gateways.list, "localhost:8088", "LIST", 0, 0,
        "status: HOST:PORT of the gateways to ask, comma-separated, with https:// before a gateway "
        "that speaks TLS; none: only processors"},
    {"ca", OPTION_TEXT, &s_flags.gateways.ca, NULL, "FILE", 0, 0,
        "status: authorities in PEM that the certificates of gateways must come from; not set: the "
        "system's"},
    {"token", OPTION_SECRET, &s_flags.gateways.token, NULL, "TOKEN", 0, 0,
        "status: the token, with the scope stats, for gateways with --token-file; better in "
        "DOWNLINK_TOKEN, as other users of this machine see flags for a moment"},
    {"sort", OPTION_WORD, &s_flags.sort, "id",
        "KEY:id|-id|type|-type|speed|-speed|mission|-mission|status|-status|lastMessageTime|"
        "-lastMessageTime|lastMessageNumber|-lastMessageNumber",
        0, 0,
        "list: id, type, speed, mission, status, lastMessageTime, lastMessageNumber; with - before "
        "it: descending"},
    {"limit", OPTION_NUMBER, &s_flags.limit, "100", NULL, 1, QUERY_LIMIT_MAX,
        "list: number of rockets"},
    {"cursor", OPTION_TEXT, &s_flags.cursor, NULL, "CURSOR", 0, 0,
        "list: continue behind the page that gave this cursor; with the same --sort and filters"},
    {"status", OPTION_WORD, &s_flags.status, NULL, "unknown|flying|exploded", 0, 0,
        "list: only with this status"},
    {"type", OPTION_TEXT, &s_flags.type, NULL, "TYPE", 0, 0, "list: only of this type"},
    {"mission", OPTION_TEXT, &s_flags.mission, NULL, "NAME", 0, 0, "list: only on this mission"},
    {"timeout", OPTION_DURATION, &s_flags.timeout_ms, "2s", NULL, 1, 60000,
        "time to wait for the addresses of names, and then for a processor"},
    {"curve-dir", OPTION_TEXT, &s_flags.curve_dir, NULL, "DIR", 0, 0,
        "directory of the keys of links, for processors with --curve-dir: its files query.key and "
        "peers are read"},
    {"json", OPTION_SWITCH, &s_flags.json, "no", NULL, 0, 0, "print JSON, for programs"},
};

static const option_command_t s_commands[] = {
    {"status",
        "is all well? Processors, buffer, lag and alarms on one screen; exit status 1 if not"},
    {"ping", "which processors are alive"},
    {"stats", "the counters and partitions of each processor"},
    {"get ID", "one rocket"},
    {"list", "rockets, sorted and filtered"},
    {"watch [ID]", "all rockets or one, and then each change, until Ctrl-C"},
    {NULL, NULL},
};

static const options_t s_usage = {"downlink-query", "asks the processors for the state of rockets",
    "status | ping | stats | get ID | list | watch [ID]", s_commands,
    "  downlink-query status\n"
    "  downlink-query status --json --gateways one,two --processors one:5561,two:5561\n"
    "  downlink-query get 193270a9-c9cf-404a-8f83-838e71d9ae67\n"
    "  downlink-query list --sort -speed --limit 10 --status flying\n"
    "  downlink-query watch\n"
    "  downlink-query stats --json --processors one:5561,two:5561\n",
    s_options, G_N_ELEMENTS (s_options),
    "Asks processors directly, without a gateway: any one of them leads to the others. If an "
    "answer is incomplete because a processor does not reply, downlink-query says so and ends with "
    "exit status 1. The answers are tables for people, cut to the width of the terminal, or, with "
    "--json, JSON for programs: one line for each rocket.\n\n"
    "status shows on one screen whether all is well: the processors, their partitions and stores, "
    "and the buffer, lag and alarms of gateways. Its exit status is 0 if all is well, else 1, with "
    "a line on standard error for each fault. Without --processors it asks the processors that the "
    "gateways hear.\n\n"
    "ping shows the processors that are alive; stats asks for counters and partitions; get shows "
    "one rocket; list shows rockets, sorted and filtered, and says on standard error how to "
    "continue if more follow; watch shows all rockets and then those that change, until Ctrl-C: a "
    "table on a terminal, else one line for each rocket."};

static void
s_read_list (list_query_t *list)
{
    bool is_known = rocket_order_parse (text_from (s_flags.sort), &list->order);
    g_assert (is_known);  //  s_options has only these
    list->limit = (uint32_t) s_flags.limit;
    list->has_after = s_flags.cursor != NULL;
    if (s_flags.cursor &&
        !cursor_read (&list->order, s_flags.cursor, &list->after, &s_flags.cursor_bytes))
        options_refuse (
            &s_usage, "--cursor: '%s' is none of a list with this --sort", s_flags.cursor);
    list->status = text_from (s_flags.status);
    list->type = text_from (s_flags.type);
    list->mission = text_from (s_flags.mission);
}

//  Return the query for the arguments.
static query_t
s_read_query (int count, char **arguments)
{
    query_t query = {0};
    const char *verb = count > 0 ? arguments[1] : "";
    int wanted = 1;
    if (strcmp (verb, "ping") == 0)
        query.op = QUERY_PING;
    else if (strcmp (verb, "stats") == 0)
        query.op = QUERY_STATS;
    else if (strcmp (verb, "list") == 0) {
        query.op = QUERY_LIST;
        s_read_list (&query.list);
    }
    else if (strcmp (verb, "get") == 0) {
        query.op = QUERY_GET;
        query.id = text_from (count > 1 ? arguments[2] : NULL);
        wanted = 2;
    }
    else
        options_refuse (&s_usage,
            "%s%s%s: the commands are status, ping, stats, get ID, list and watch [ID]",
            *verb ? "there is no command '" : "a command is missing", verb, *verb ? "'" : "");
    if (count != wanted)
        options_refuse (&s_usage, "'%s' takes %d argument(s)", verb, wanted - 1);
    return query;
}

//  Print on standard error that two processors keep different states, if so. Return true if so.
static bool
s_tell_two_states (const GPtrArray *found)
{
    GPtrArray *faults = faults_new ();
    faults_of_states (faults, found);
    return faults_print (&faults);
}

//  Find the processors, send the query to all of them and print the replies. Wait for a partition
//  that changes its owner.
static int
s_ask (const query_t *query)
{
    int64_t timeout_ms = (int64_t) s_flags.timeout_ms;
    int64_t until_ms = clock_ms () + timeout_ms;
    bool is_about_processors = query->op == QUERY_PING || query->op == QUERY_STATS;
    for (;;) {
        GPtrArray *found = find_processors (s_flags.processors, timeout_ms);
        if (!is_about_processors && s_tell_two_states (found)) {
            g_ptr_array_unref (found);
            return 1;
        }
        GPtrArray *answers = is_about_processors ? NULL : ask_again (found, query, timeout_ms);
        bool is_early =
            answers && answers_are_early (query, found, answers) && clock_ms () < until_ms;
        int status = is_early  ? 0
                     : answers ? print_answers (query, found, answers, s_flags.json)
                               : print_found (query, found, s_flags.json);
        g_ptr_array_unref (found);
        g_clear_pointer (&answers, g_ptr_array_unref);
        if (!is_early)
            return status;
        g_usleep (EARLY_PAUSE_US);
    }
}

static bool
s_has_gateways (void)
{
    return strcmp (s_flags.gateways.list, "none") != 0;
}

static int
s_show_status (void)
{
    bool are_given = s_flags.processors != s_options[0].fallback;
    gateways_t gateways = s_has_gateways () ? s_flags.gateways : (gateways_t){0};
    health_t health;
    health_ask (
        &health, are_given ? s_flags.processors : NULL, &gateways, (int64_t) s_flags.timeout_ms);
    int status = print_health (&health, s_flags.json);
    health_free (&health);
    return status;
}

static int
s_watch (int count, char **arguments)
{
    const char *id = count > 1 ? arguments[2] : NULL;
    int64_t timeout_ms = (int64_t) s_flags.timeout_ms;
    //  Before the first thread: a thread that does not block the signals would die of them.
    int stop_fd = stop_signals_open ();
    if (stop_fd < 0) {
        log_event (LOG_ERROR, "cannot wait for signals", "reason=%s", g_strerror (errno));
        return 1;
    }
    return socket_setup () ? watch (s_flags.processors, id, s_flags.json, timeout_ms, stop_fd) : 1;
}

//  Refuse malformed lists of addresses.
static void
s_check_lists (void)
{
    GArray *names = addresses_parse (s_flags.processors);
    if (!names)
        options_refuse (&s_usage, "--processors: '%s' " ADDRESSES_FAULT, s_flags.processors);
    g_array_unref (names);
    if (s_has_gateways () && !gateway_list_check (s_flags.gateways.list))
        options_refuse (&s_usage,
            "--gateways: '%s' must be none or a list of HOST:PORT, as in localhost:8088 or "
            "one,two:8090,[::1]; without a port it is 8088; https://HOST:PORT asks over TLS",
            s_flags.gateways.list);
    if (s_flags.gateways.token && !token_is_well_formed (text_from (s_flags.gateways.token)))
        options_refuse (&s_usage, "--token: this is no token");
}

//  Use the keys of links, if there are any. Return false after an explanation if they are unusable.
static bool
s_use_keys (void)
{
    char *fault = s_flags.curve_dir ? curve_use (s_flags.curve_dir, "query") : NULL;
    if (fault)
        fprintf (stderr, "downlink-query: --curve-dir: %s\n", fault);
    bool good = fault == NULL;
    g_free (fault);
    return good;
}

int
main (int argc, char **argv)
{
    int count = options_read (&s_usage, argc, argv);
    bool is_watch = count > 0 && strcmp (argv[1], "watch") == 0;
    bool is_status = count > 0 && strcmp (argv[1], "status") == 0;
    query_t query = {0};
    if (is_watch && (count > 2 || (count == 2 && (!*argv[2] || strlen (argv[2]) > ID_MAX))))
        options_refuse (&s_usage, "'watch' takes one id, of 1 to %d bytes, or none", ID_MAX);
    if (is_status && count > 1)
        options_refuse (&s_usage, "'status' takes no argument");
    if (!is_watch && !is_status)
        query = s_read_query (count, argv);
    s_check_lists ();
    log_setup (s_usage.program, LOG_WARN, LOG_TEXT);
    if (!descriptors_suffice (s_usage.program, DESCRIPTORS_NEEDED) || !s_use_keys ())
        return 1;
    if (is_watch)
        return s_watch (count, argv);
    if (!socket_setup ())
        return 1;
    return is_status ? s_show_status () : s_ask (&query);
}
