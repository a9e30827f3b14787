//  SPDX-License-Identifier: Apache-2.0
#include "common/options/options.h"

#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options/option_secrets.h"
#include "common/options/option_value.h"
#include "common/options/options_print.h"
#include "common/process/log.h"
#include "common/text/visible_text.h"

void
options_refuse (const options_t *self, const char *format, ...)
{
    va_list values;
    va_start (values, format);
    char *text = g_strdup_vprintf (format, values);
    va_end (values);
    GString *line = g_string_new (NULL);
    visible_text_add (line, text);
    fprintf (stderr, "%s: %s\n", self->program, line->str);
    options_print_usage (self, stderr);
    fprintf (stderr, "try '%s --help'\n", self->program);
    exit (2);
}

static void
s_set_or_refuse (
    const options_t *self, const option_t *option, const char *origin, const char *text)
{
    if (!option_set (option, text)) {
        char *expectation = option_expectation (option);
        options_refuse (self, "%s: '%s' must be %s", origin, text, expectation);
    }
}

static const option_t *
s_find (const options_t *self, const char *name, size_t size)
{
    for (size_t index = 0; index < self->count; index++) {
        const option_t *option = &self->options[index];
        if (strlen (option->name) == size && memcmp (option->name, name, size) == 0)
            return option;
    }
    return NULL;
}

static void
s_read_fallbacks (const options_t *self)
{
    for (size_t index = 0; index < self->count; index++) {
        const option_t *option = &self->options[index];
        if (option->fallback)
            s_set_or_refuse (self, option, option->name, option->fallback);
    }
}

//  Return true if the value is a link that Kubernetes sets for a Service: one named `downlink`
//  gives every pod of its namespace DOWNLINK_PORT=tcp://10.0.0.1:8088. No option takes such a
//  value.
static bool
s_is_service_link (const char *text)
{
    return g_str_has_prefix (text, "tcp://") || g_str_has_prefix (text, "udp://") ||
           g_str_has_prefix (text, "sctp://");
}

//  Return the value of an option in the environment, or NULL. An empty value counts as not set:
//  templates write it for an unknown variable.
static const char *
s_from_environment (const char *variable)
{
    const char *text = getenv (variable);
    return !text || !*text || s_is_service_link (text) ? NULL : text;
}

//  Read the options that no flag has set. A flag also wins over a bad value.
static void
s_read_environment (const options_t *self, const bool *is_given)
{
    for (size_t index = 0; index < self->count; index++) {
        char *variable = option_variable (&self->options[index]);
        const char *text = is_given[index] ? NULL : s_from_environment (variable);
        if (text)
            s_set_or_refuse (self, &self->options[index], variable, text);
        g_free (variable);
    }
}

//  Read the flag at argv [index]. Return the number of arguments it took.
static int
s_read_flag (const options_t *self, int argc, char **argv, int index, bool *is_given)
{
    const char *name = argv[index] + 2;
    const char *equals = strchr (name, '=');
    const option_t *option = s_find (self, name, equals ? (size_t) (equals - name) : strlen (name));
    if (!option)
        options_refuse (self, "there is no flag '%s'", argv[index]);
    is_given[option - self->options] = true;
    if (equals) {
        s_set_or_refuse (self, option, argv[index], equals + 1);
        return 1;
    }
    const char *next = index + 1 < argc ? argv[index + 1] : NULL;
    if (option->kind == OPTION_SWITCH &&
        !(next && (strcmp (next, "yes") == 0 || strcmp (next, "no") == 0))) {
        *(bool *) option->value = true;
        return 1;
    }
    if (!next)
        options_refuse (self, "%s needs a value", argv[index]);
    s_set_or_refuse (self, option, argv[index], next);
    return 2;
}

//  Answer --help, --version and --dump-options, and exit. Look for these flags first, so that
//  --help works even with a bad value in the environment.
static void
s_answer_askings (const options_t *self, int argc, char **argv)
{
    for (int index = 1; index < argc && strcmp (argv[index], "--") != 0; index++) {
        if (strcmp (argv[index], "--help") == 0 || strcmp (argv[index], "-h") == 0)
            options_print_help (self);
        else if (strcmp (argv[index], "--version") == 0)
            printf ("%s %s\n", self->program, DOWNLINK_VERSION);
        else if (strcmp (argv[index], "--dump-options") == 0)
            options_print_dump (self);
        else
            continue;
        exit (0);
    }
}

int
options_read (const options_t *self, int argc, char **argv)
{
    option_secrets_hide (self, argc, argv);
    s_answer_askings (self, argc, argv);
    s_read_fallbacks (self);
    bool *is_given = g_new0 (bool, self->count);
    int arguments = 0;
    bool only_arguments = false;
    for (int index = 1; index < argc;) {
        if (!only_arguments && strcmp (argv[index], "--") == 0) {
            only_arguments = true;
            index++;
        }
        else if (!only_arguments && strncmp (argv[index], "--", 2) == 0)
            index += s_read_flag (self, argc, argv, index, is_given);
        else if (!only_arguments && argv[index][0] == '-' && argv[index][1])
            options_refuse (self, "there is no flag '%s'", argv[index]);
        else
            argv[++arguments] = argv[index++];
    }
    s_read_environment (self, is_given);
    g_free (is_given);
    if (arguments > 0 && !self->arguments)
        options_refuse (self, "'%s' is not expected: only flags are", argv[1]);
    return arguments;
}

static void
s_add_value (GString *line, const option_t *option)
{
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_WORD: {
        const char *text = *(const char *const *) option->value;
        option_secrets_add_without (line, text ? text : "");
        break;
    }
    case OPTION_SECRET:
        g_string_append (line, *(const char *const *) option->value ? "***" : "");
        break;
    case OPTION_NUMBER:
    case OPTION_SIZE:
    case OPTION_DURATION:
        g_string_append_printf (
            line, "%llu", (unsigned long long) *(const uint64_t *) option->value);
        break;
    case OPTION_FRACTION:
        g_string_append_printf (line, "%g", *(const double *) option->value);
        break;
    case OPTION_CHOICE: {
        char **choices = option_words (option);
        int choice = *(const int *) option->value;
        g_string_append (line, choice < 0 ? "" : choices[choice]);  //  below 0: not set
        g_strfreev (choices);
        break;
    }
    case OPTION_SWITCH:
        g_string_append (line, *(const bool *) option->value ? "yes" : "no");
        break;
    }
}

//  Log the variables that were ignored, so that an operator sees why they have no effect.
static void
s_log_service_links (const options_t *self)
{
    for (size_t index = 0; index < self->count; index++) {
        char *variable = option_variable (&self->options[index]);
        const char *text = getenv (variable);
        if (text && s_is_service_link (text))
            log_event (LOG_INFO,
                "ignored an environment variable that Kubernetes has set for a service of this "
                "name",
                "variable=%s value=%s", variable, text);
        g_free (variable);
    }
}

void
options_log (const options_t *self)
{
    GString *line = g_string_new (NULL);
    for (size_t index = 0; index < self->count; index++) {
        g_string_append_printf (line, "%s--%s=", index ? " " : "", self->options[index].name);
        s_add_value (line, &self->options[index]);
    }
    log_event (LOG_INFO, "starting", "version=%s options=%s", DOWNLINK_VERSION, line->str);
    g_string_free (line, TRUE);
    s_log_service_links (self);
}
