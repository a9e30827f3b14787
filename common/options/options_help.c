//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <string.h>

#include "common/options/options_print.h"
#include "common/text/terminal.h"

#define WIDTH_MAX 100  //  longer lines are hard to read, however wide the terminal is
#define HELP_COLUMN 28
#define COMMAND_COLUMN 16

const asking_t options_askings[ASKINGS] = {
    {"help", 'h', "print this and exit"},
    {"version", 0, "print the version and exit"},
};

void
options_print_usage (const options_t *self, FILE *stream)
{
    fprintf (stream, "usage: %s [flags]%s%s\n", self->program, self->arguments ? " " : "",
        self->arguments ? self->arguments : "");
}

char *
option_variable (const option_t *option)
{
    char *upper = g_ascii_strup (option->name, -1);
    char *variable = g_strconcat ("DOWNLINK_", g_strdelimit (upper, "-", '_'), NULL);
    g_free (upper);
    return variable;
}

//  Return the words in choices, behind the placeholder if there is one.
static const char *
s_words (const option_t *option)
{
    const char *colon = strchr (option->choices, ':');
    return colon ? colon + 1 : option->choices;
}

char **
option_words (const option_t *option)
{
    bool has_words = option->kind == OPTION_CHOICE || option->kind == OPTION_WORD;
    return has_words ? g_strsplit (s_words (option), "|", -1) : NULL;
}

char *
option_placeholder (const option_t *option)
{
    static const char *const names[] = {[OPTION_TEXT] = "TEXT",
        [OPTION_SECRET] = "TEXT",
        [OPTION_NUMBER] = "N",
        [OPTION_SIZE] = "SIZE",
        [OPTION_DURATION] = "TIME",
        [OPTION_FRACTION] = "P",
        [OPTION_CHOICE] = "",
        [OPTION_WORD] = "",
        [OPTION_SWITCH] = "yes|no"};
    if (!option->choices)
        return g_strdup (names[option->kind]);
    size_t size = (size_t) (s_words (option) - option->choices);
    return size ? g_strndup (option->choices, size - 1) : g_strdup (option->choices);
}

bool
option_has_default (const option_t *option)
{
    return option->fallback && *option->fallback;
}

static void
s_print_flag (const char *name, const char *value, const char *help, size_t width)
{
    int taken = printf ("  --%s%s%s", name, value ? " " : "", value ? value : "");
    size_t column = (size_t) MAX (taken, 0);
    if (column + 2 > HELP_COLUMN) {
        printf ("\n");
        column = 0;
    }
    printf ("%*s", (int) (HELP_COLUMN - column), "");
    terminal_wrap (stdout, help, HELP_COLUMN, width);
}

static void
s_print_option (const option_t *option, size_t width)
{
    bool has_default = option_has_default (option);
    char *help = g_strconcat (option->help, has_default ? " (" : "",
        has_default ? option->fallback : "", has_default ? ")" : "", NULL);
    char *placeholder = option_placeholder (option);
    s_print_flag (option->name, placeholder, help, width);
    g_free (placeholder);
    g_free (help);
}

static void
s_print_asking (const asking_t *asking, size_t width)
{
    char *name = asking->letter ? g_strdup_printf ("%s, -%c", asking->name, asking->letter)
                                : g_strdup (asking->name);
    s_print_flag (name, NULL, asking->help, width);
    g_free (name);
}

static bool
s_has_kind (const options_t *self, option_kind_t kind)
{
    for (size_t index = 0; index < self->count; index++)
        if (self->options[index].kind == kind)
            return true;
    return false;
}

static void
s_print_commands (const options_t *self, size_t width)
{
    if (!self->commands)
        return;
    printf ("\ncommands:\n");
    for (const option_command_t *command = self->commands; command->name; command++) {
        printf ("  %-*s", COMMAND_COLUMN - 2, command->name);
        terminal_wrap (stdout, command->help, COMMAND_COLUMN, width);
    }
}

//  Print the forms of the values of the program's flags.
static void
s_print_units (const options_t *self, size_t width)
{
    if (s_has_kind (self, OPTION_DURATION) || s_has_kind (self, OPTION_SIZE))
        printf ("\n");
    if (s_has_kind (self, OPTION_DURATION))
        terminal_wrap (stdout,
            "TIME is a whole number and its unit, ms, s, m or h; without a unit it is seconds", 0,
            width);
    if (s_has_kind (self, OPTION_SIZE))
        terminal_wrap (stdout,
            "SIZE is a whole number of bytes; K, M, G or T behind it are powers of 1024", 0, width);
}

void
options_print_help (const options_t *self)
{
    size_t width = terminal_width (stdout);
    width = width > 0 && width < WIDTH_MAX ? width : WIDTH_MAX;
    char *title = g_strdup_printf ("%s: %s", self->program, self->summary);
    terminal_wrap (stdout, title, 0, width);
    g_free (title);
    printf ("\n");
    options_print_usage (self, stdout);
    s_print_commands (self, width);
    printf ("\n");
    terminal_wrap (stdout,
        "flags (each is also read from the environment: --some-flag from DOWNLINK_SOME_FLAG; "
        "the flag wins; an empty one counts as not set):",
        0, width);
    for (size_t index = 0; index < self->count; index++)
        s_print_option (&self->options[index], width);
    for (size_t index = 0; index < ASKINGS; index++)
        s_print_asking (&options_askings[index], width);
    s_print_units (self, width);
    printf ("\nexit status: 0 done, 1 failed at run time, 2 wrong usage\n");
    if (self->examples)
        printf ("\nexamples:\n%s", self->examples);
}
