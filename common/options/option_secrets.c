//  SPDX-License-Identifier: Apache-2.0
#include "common/options/option_secrets.h"

#include <string.h>

#define MASK '*'

//  Find the first password of an address behind *at. Set *at to its begin. Return its size; 0: there
//  is none.
static size_t
s_find_password (const char **at)
{
    static const char *const forms[] = {"://[^:/@]*:([^@]+)@", "[?&]password=([^&]+)"};
    const char *begin = NULL;
    size_t size = 0;
    for (size_t index = 0; index < G_N_ELEMENTS (forms); index++) {
        GMatchInfo *match = NULL;
        int first = 0;
        int end = 0;
        GRegex *regex = g_regex_new (forms[index], G_REGEX_RAW, 0, NULL);
        if (g_regex_match (regex, *at, 0, &match) &&
            g_match_info_fetch_pos (match, 1, &first, &end) && (!begin || *at + first < begin)) {
            begin = *at + first;
            size = (size_t) (end - first);
        }
        g_match_info_free (match);
        g_regex_unref (regex);
    }
    if (begin)
        *at = begin;
    return size;
}

//  Overwrite the passwords of addresses. Return true if there was one.
static bool
s_mask_passwords (char *text)
{
    const char *at = text;
    bool is_masked = false;
    for (size_t size; (size = s_find_password (&at)) > 0; at += size) {
        memset (text + (at - text), MASK, size);
        is_masked = true;
    }
    return is_masked;
}

//  Return true if this is a flag whose value is secret. *value: it stands behind an equals sign; NULL:
//  it is the next argument.
static bool
s_is_secret (const options_t *options, char *argument, char **value)
{
    *value = strchr (argument, '=');
    size_t size = *value ? (size_t) (*value - argument) : strlen (argument);
    *value = *value ? *value + 1 : NULL;
    for (size_t index = 0; index < options->count; index++) {
        const option_t *option = &options->options[index];
        if (option->kind == OPTION_SECRET && size == strlen (option->name) + 2 &&
            strncmp (argument, "--", 2) == 0 && memcmp (argument + 2, option->name, size - 2) == 0)
            return true;
    }
    return false;
}

void
option_secrets_hide (const options_t *options, int argc, char **argv)
{
    bool is_value = false;
    for (int index = 1; index < argc; index++) {
        char *seen = argv[index];
        char *copy = g_strdup (seen);
        char *value = NULL;
        bool is_flag = !is_value && s_is_secret (options, seen, &value);
        char *secret = is_value ? seen : is_flag ? value : NULL;
        if (secret)
            memset (secret, MASK, strlen (secret));
        if (secret || s_mask_passwords (seen))
            argv[index] = copy;
        else
            g_free (copy);
        is_value = is_flag && !value;
    }
}

void
option_secrets_add_without (GString *line, const char *text)
{
    const char *at = text;
    for (;;) {
        const char *begin = at;
        size_t size = s_find_password (&at);
        g_string_append_len (line, begin, size ? at - begin : (gssize) strlen (begin));
        if (size == 0)
            return;
        g_string_append (line, "***");
        at += size;
    }
}
