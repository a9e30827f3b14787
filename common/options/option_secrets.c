//  SPDX-License-Identifier: Apache-2.0
#include "common/options/option_secrets.h"

#include <string.h>

#define MASK '*'

//  Find the first password of an address in a text. Return its size; 0: there is none. *begin:
//  where it begins.
static size_t
s_find_password (const char *text, size_t *begin)
{
    static const char *const forms[] = {"://[^:/@]*:([^@]+)@", "[?&]password=([^&]+)"};
    size_t size = 0;
    *begin = strlen (text);
    for (size_t index = 0; index < G_N_ELEMENTS (forms); index++) {
        GMatchInfo *match = NULL;
        int first = 0;
        int end = 0;
        GRegex *regex = g_regex_new (forms[index], G_REGEX_RAW, 0, NULL);
        if (g_regex_match (regex, text, 0, &match) &&
            g_match_info_fetch_pos (match, 1, &first, &end) && (size_t) first < *begin) {
            *begin = (size_t) first;
            size = (size_t) (end - first);
        }
        g_match_info_free (match);
        g_regex_unref (regex);
    }
    return size;
}

//  Overwrite the passwords of addresses. Return true if there was one.
static bool
s_mask_passwords (char *text)
{
    bool is_masked = false;
    size_t begin = 0;
    for (size_t size; (size = s_find_password (text, &begin)) > 0; text += begin + size) {
        memset (text + begin, MASK, size);
        is_masked = true;
    }
    return is_masked;
}

//  Return true if this is a flag whose value is secret. *value: it stands behind an equals sign;
//  NULL: it is the next argument.
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
    size_t begin = 0;
    for (size_t size; (size = s_find_password (text, &begin)) > 0; text += begin + size) {
        g_string_append_len (line, text, (gssize) begin);
        g_string_append (line, "***");
    }
    g_string_append (line, text);
}
