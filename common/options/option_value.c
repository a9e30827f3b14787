//  SPDX-License-Identifier: Apache-2.0
#include "common/options/option_value.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "common/options/options_print.h"

typedef struct {
    const char *suffix;
    uint64_t factor;
} unit_t;

static const unit_t s_plain = {"", 1};
static const unit_t s_sizes[] = {{"", 1}, {"K", 1024}, {"M", 1024 * 1024},
    {"G", 1024ull * 1024 * 1024}, {"T", 1024ull * 1024 * 1024 * 1024}};
static const unit_t s_durations[] = {
    {"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}};

//  Parse digits and a unit. Return false for another form or a number that does not fit.
static bool
s_parse_number (const char *text, const unit_t *units, size_t count, uint64_t *value)
{
    if (!g_ascii_isdigit (*text))
        return false;
    char *end = NULL;
    errno = 0;
    uint64_t number = strtoull (text, &end, 10);
    if (errno)
        return false;
    for (size_t unit = 0; unit < count; unit++) {
        if (strcmp (end, units[unit].suffix) == 0)
            return !__builtin_mul_overflow (number, units[unit].factor, value);
    }
    return false;
}

static bool
s_in_range (const option_t *option, uint64_t value)
{
    return value >= option->min && (option->max == 0 || value <= option->max);
}

static bool
s_set_number (const option_t *option, const char *text, const unit_t *units, size_t count)
{
    uint64_t value = 0;
    if (!s_parse_number (text, units, count, &value) || !s_in_range (option, value))
        return false;
    *(uint64_t *) option->value = value;
    return true;
}

static bool
s_set_fraction (const option_t *option, const char *text)
{
    char *end = NULL;
    double value = g_ascii_strtod (text, &end);
    if (end == text || *end || !(value >= 0 && value <= 1))
        return false;
    *(double *) option->value = value;
    return true;
}

//  Return the place of a word in choices, or -1.
static int
s_choice (const option_t *option, const char *text)
{
    char **words = option_words (option);
    int found = -1;
    for (int index = 0; words[index] && found < 0; index++)
        if (strcmp (words[index], text) == 0)
            found = index;
    g_strfreev (words);
    return found;
}

static bool
s_set_choice (const option_t *option, const char *text)
{
    int found = s_choice (option, text);
    if (found >= 0)
        *(int *) option->value = found;
    return found >= 0;
}

static bool
s_set_word (const option_t *option, const char *text)
{
    bool is_known = s_choice (option, text) >= 0;
    if (is_known)
        *(const char **) option->value = text;
    return is_known;
}

static bool
s_set_switch (const option_t *option, const char *text)
{
    bool yes = strcmp (text, "yes") == 0;
    if (!yes && strcmp (text, "no") != 0)
        return false;
    *(bool *) option->value = yes;
    return true;
}

bool
option_set (const option_t *option, const char *text)
{
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_SECRET:
        *(const char **) option->value = text;
        return true;
    case OPTION_NUMBER:
        return s_set_number (option, text, &s_plain, 1);
    case OPTION_SIZE:
        return s_set_number (option, text, s_sizes, G_N_ELEMENTS (s_sizes));
    case OPTION_DURATION:
        return s_set_number (option, text, s_durations, G_N_ELEMENTS (s_durations));
    case OPTION_FRACTION:
        return s_set_fraction (option, text);
    case OPTION_CHOICE:
        return s_set_choice (option, text);
    case OPTION_WORD:
        return s_set_word (option, text);
    case OPTION_SWITCH:
        return s_set_switch (option, text);
    }
    return false;
}

//  Append a value in the largest unit that divides it.
static void
s_append_limit (GString *text, uint64_t value, const unit_t *units, size_t count)
{
    const unit_t *best = &s_plain;
    for (size_t unit = 0; unit < count; unit++)
        if (value % units[unit].factor == 0 && units[unit].factor >= best->factor &&
            (value > 0 || units[unit].factor == 1))
            best = &units[unit];
    g_string_append_printf (
        text, "%llu%s", (unsigned long long) (value / best->factor), best->suffix);
}

//  Return the rule of a number, a size or a duration.
static char *
s_expected_range (const option_t *option, const char *what, const unit_t *units, size_t count)
{
    GString *text = g_string_new (what);
    g_string_append (text, option->max ? ", from " : ", at least ");
    s_append_limit (text, option->min, units, count);
    if (option->max) {
        g_string_append (text, " to ");
        s_append_limit (text, option->max, units, count);
    }
    return g_string_free (text, FALSE);
}

//  Return the rule of a word: "a, b or c".
static char *
s_expected_words (const option_t *option)
{
    GString *text = g_string_new (NULL);
    char **words = option_words (option);
    for (char **word = words; *word; word++)
        g_string_append_printf (text, "%s%s", word == words ? "" : word[1] ? ", " : " or ", *word);
    g_strfreev (words);
    return g_string_free (text, FALSE);
}

char *
option_expectation (const option_t *option)
{
    switch (option->kind) {
    case OPTION_CHOICE:
    case OPTION_WORD:
        return s_expected_words (option);
    case OPTION_SWITCH:
        return g_strdup ("yes or no");
    case OPTION_FRACTION:
        return g_strdup ("a number from 0 to 1");
    case OPTION_SIZE:
        return s_expected_range (
            option, "a size such as 64K, 8M or 1G", s_sizes, G_N_ELEMENTS (s_sizes));
    case OPTION_DURATION:
        return s_expected_range (
            option, "a time such as 300ms, 5s or 2m", s_durations, G_N_ELEMENTS (s_durations));
    case OPTION_NUMBER:
        return s_expected_range (option, "an integer", &s_plain, 1);
    case OPTION_TEXT:
    case OPTION_SECRET:
        break;
    }
    return g_strdup ("another text");
}
