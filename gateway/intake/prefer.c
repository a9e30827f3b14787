//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/prefer.h"

#include <glib.h>
#include <string.h>

#define WORD_SIZE 32  //  longer than every known preference
#define BLANKS " \t"

//  Copy a token, or the inside of a quoted string, and pass over it. A word that is too long
//  becomes empty. A quoted string may hold characters that end a token.
static const char *
s_read_word (const char *at, char word[WORD_SIZE])
{
    size_t size = 0;
    bool is_quoted = *at == '"';
    at += is_quoted;
    while (*at && (is_quoted ? *at != '"' : !strchr (BLANKS "=;,\"", *at))) {
        if (is_quoted && *at == '\\' && at[1])
            at++;
        if (size < WORD_SIZE)
            word[size++] = *at;
        at++;
    }
    word[size < WORD_SIZE ? size : 0] = 0;
    return at + (is_quoted && *at);
}

//  Skip parameters up to the next preference; the known preferences have none.
static const char *
s_skip_parameters (const char *at)
{
    char word[WORD_SIZE];
    while (*at && *at != ',')
        at = *at == '"' ? s_read_word (at, word) : at + 1;
    return at;
}

//  The first preference of a name counts, even if its value is invalid.
static void
s_take (prefer_t *self, bool *has_handling, bool *has_wait, const char *name, const char *value)
{
    guint64 seconds = 0;
    if (g_ascii_strcasecmp (name, "handling") == 0 && !*has_handling) {
        *has_handling = true;
        self->is_lenient = g_ascii_strcasecmp (value, "lenient") == 0;
    }
    else if (g_ascii_strcasecmp (name, "wait") == 0 && !*has_wait) {
        *has_wait = true;
        self->has_wait = g_ascii_string_to_unsigned (value, 10, 0, UINT32_MAX, &seconds, NULL);
        self->wait_s = (uint32_t) MIN (seconds, PREFER_WAIT_MAX_S);
    }
}

prefer_t
prefer_read (const char *field)
{
    prefer_t self = {0};
    bool has_handling = false;
    bool has_wait = false;
    const char *at = field ? field : "";
    while (*at) {
        char name[WORD_SIZE];
        char value[WORD_SIZE] = "";
        at = s_read_word (at + strspn (at, BLANKS ","), name);
        at += strspn (at, BLANKS);
        if (*at == '=')
            at = s_read_word (at + 1 + strspn (at + 1, BLANKS), value);
        s_take (&self, &has_handling, &has_wait, name, value);
        at = s_skip_parameters (at);
    }
    return self;
}

prefer_t
prefer_of (const http_request_t *request)
{
    char *field = http_request_list (request, HTTP_FIELD_PREFER);
    prefer_t self = prefer_read (field);
    g_free (field);
    return self;
}

bool
prefer_write_applied (const prefer_t *self, char *text)
{
    if (!self->is_lenient && !self->has_wait)
        return false;
    char wait[32] = "";
    if (self->has_wait)
        g_snprintf (wait, sizeof wait, "wait=%u", self->wait_s);
    g_snprintf (text, PREFER_APPLIED_SIZE, "%s%s%s", self->is_lenient ? "handling=lenient" : "",
        self->is_lenient && self->has_wait ? ", " : "", wait);
    return true;
}
