//  downlink-keygen: make secrets.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <stdio.h>

#include "common/options/options.h"
#include "keygen/curve_command.h"
#include "keygen/token_command.h"

static struct {
    const char *scopes;
    const char *token_file;
    uint64_t lifetime_ms;
} s_flags;

static const option_t s_options[] = {
    {"scopes", OPTION_TEXT, &s_flags.scopes, NULL, "SCOPES", 0, 0,
        "token: its scopes, with commas between: write (send messages), read (rockets, events, "
        "the dashboard), stats (/stats, /metrics), admin (remove rockets)"},
    {"token-file", OPTION_TEXT, &s_flags.token_file, "./tokens", "FILE", 0, 0,
        "token: the file that gets its line, as in the gateway's --token-file; made if it does not "
        "exist"},
    {"lifetime", OPTION_DURATION, &s_flags.lifetime_ms, "0", NULL, 0, 10ull * 366 * 86400 * 1000,
        "token: time after which it expires, as in 2160h; 0: never"},
};

static const option_command_t s_commands[] = {
    {"token NAME", "make a token for clients, print it, and add its line to --token-file"},
    {"curve DIR", "make the keys of gateways, processors and downlink-query in DIR"},
    {NULL, NULL},
};

static const options_t s_usage = {"downlink-keygen",
    "makes the tokens that a gateway accepts, and the keys of the links behind it",
    "token NAME | curve DIR", s_commands,
    "  downlink-keygen curve /etc/downlink/curve\n"
    "  downlink-keygen token robot --scopes write --token-file /etc/downlink/tokens\n"
    "  downlink-keygen token page --scopes read,stats --lifetime 2160h\n",
    s_options, G_N_ELEMENTS (s_options),
    "token NAME makes a token, prints it on standard output, and appends a line to the token file: "
    "its name, its scopes, its SHA-256, and the time when it expires. The token itself is not "
    "stored, so it cannot be printed again.\n\n"
    "A gateway with this --token-file accepts the token within a second. Delete the line to take "
    "the token back.\n\n"
    "curve DIR makes the keys of gateways, of processors and of downlink-query, for their "
    "--curve-dir, and the list of their rights. DIR is made if it does not exist. No file is "
    "overwritten."};

static void
s_read_line (token_line_t *line, const char *name)
{
    if (!access_name_is_good (text_from (name)))
        options_refuse (&s_usage,
            "NAME: '%s' must be 1 to 64 letters, digits, dots, dashes and underscores", name);
    if (!s_flags.scopes)
        options_refuse (&s_usage, "--scopes is missing, as in --scopes write,read");
    *line = (token_line_t){.expires_us = TOKEN_NEVER_EXPIRES};
    g_strlcpy (line->name, name, sizeof line->name);
    const char *fault = token_scopes_read (&line->scopes, text_from (s_flags.scopes));
    if (fault)
        options_refuse (&s_usage, "--scopes: '%s': %s", s_flags.scopes, fault);
    if (s_flags.lifetime_ms > 0)
        line->expires_us = g_get_real_time () + 1000 * (int64_t) s_flags.lifetime_ms;
}

int
main (int argc, char **argv)
{
    int count = options_read (&s_usage, argc, argv);
    if (count == 2 && strcmp (argv[1], "curve") == 0)
        return curve_command_run (argv[2]) ? 0 : 1;
    if (count != 2 || strcmp (argv[1], "token") != 0)
        options_refuse (&s_usage, "a command is expected: token NAME, or curve DIR");
    token_line_t line;
    s_read_line (&line, argv[2]);
    if (!token_command_run (s_flags.token_file, &line))
        return 1;
    fprintf (stderr, "downlink-keygen: the token %s is in %s. It is shown only now: keep it.\n",
        line.name, s_flags.token_file);
    return 0;
}
