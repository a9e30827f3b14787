//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <string.h>

#include "common/options/options_print.h"

static const char *const s_pages[] = {
    "downlink-gateway", "downlink-processor", "downlink-query", "downlink-launch"};

//  Print text as roff: a dash that can be copied, no macro at the start of a line.
static void
s_print (const char *text)
{
    for (const char *at = text; *at; at++) {
        if ((*at == '.' || *at == '\'') && (at == text || at[-1] == '\n'))
            printf ("\\&");
        if (*at == '-')
            printf ("\\-");
        else if (*at == '\\')
            printf ("\\e");
        else
            printf ("%c", *at);
    }
}

//  Text between two pieces of roff.
static void
s_print_in (const char *before, const char *text, const char *behind)
{
    printf ("%s", before);
    s_print (text);
    printf ("%s", behind);
}

static void
s_print_flag (const char *name, const char *value)
{
    s_print_in (".TP\n\\fB\\-\\-", name, "\\fR");
    if (value)
        s_print_in (" \\fI", value, "\\fR");
    printf ("\n");
}

static void
s_print_option (const option_t *option)
{
    char *variable = option_variable (option);
    s_print_flag (option->name, option_placeholder (option));
    s_print_in ("", option->help, ".\n");
    if (option_has_default (option))
        s_print_in ("Default: \\fB", option->fallback, "\\fR.\n");
    if (option->kind == OPTION_NUMBER && option->max > 0)
        printf ("At least %llu, at most %llu.\n", (unsigned long long) option->min,
            (unsigned long long) option->max);
    s_print_in ("Environment: \\fB", variable, "\\fR.\n");
    g_free (variable);
}

static void
s_print_paragraphs (const char *text)
{
    char **paragraphs = g_strsplit (text, "\n\n", -1);
    for (char **paragraph = paragraphs; *paragraph; paragraph++)
        s_print_in (paragraph == paragraphs ? "" : ".PP\n", *paragraph, "\n");
    g_strfreev (paragraphs);
}

static void
s_print_head (const options_t *self)
{
    char *title = g_ascii_strup (self->program, -1);
    s_print_in (".TH ", title, " 1 \"\" \"downlink " DOWNLINK_VERSION "\" \"Downlink\"\n");
    g_free (title);
    s_print_in (".SH NAME\n", self->program, " \\- ");
    s_print_in ("", self->summary, "\n");
    s_print_in (".SH SYNOPSIS\n\\fB", self->program, "\\fR [\\fIflags\\fR]");
    if (self->arguments)
        s_print_in (" ", self->arguments, "");
    printf ("\n");
    if (self->description) {
        printf (".SH DESCRIPTION\n");
        s_print_paragraphs (self->description);
    }
}

static void
s_print_options (const options_t *self)
{
    printf (".SH OPTIONS\nA flag is written \\fB\\-\\-name\\fR \\fIvalue\\fR or "
            "\\fB\\-\\-name=\\fR\\fIvalue\\fR; it wins over the environment.\n");
    for (size_t index = 0; index < self->count; index++)
        s_print_option (&self->options[index]);
    for (size_t index = 0; index < ASKINGS; index++) {
        s_print_flag (options_askings[index].name, options_askings[index].value);
        s_print_in ("", options_askings[index].help, ".\n");
    }
}

void
options_print_manual (const options_t *self)
{
    s_print_head (self);
    s_print_options (self);
    printf (".SH EXIT STATUS\n.TP\n0\nDone.\n.TP\n1\nIt failed at run time; standard error says "
            "why.\n.TP\n2\nWrong usage.\n");
    if (self->examples)
        s_print_in (".SH EXAMPLES\n.nf\n", self->examples, ".fi\n");
    printf (".SH SEE ALSO\n");
    const char *separator = "";
    for (size_t index = 0; index < G_N_ELEMENTS (s_pages); index++) {
        if (strcmp (s_pages[index], self->program) == 0)
            continue;
        printf ("%s", separator);
        s_print_in ("\\fB", s_pages[index], "\\fR(1)");
        separator = ",\n";
    }
    printf ("\n");
}
