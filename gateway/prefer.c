//  SPDX-License-Identifier: Apache-2.0
#include "gateway/prefer.h"

#include <glib.h>

static void
s_read_one (prefer_t *self, const char *name, const char *value)
{
    guint64 seconds = 0;
    if (g_ascii_strcasecmp (name, "handling") == 0)
        self->is_lenient = g_ascii_strcasecmp (value, "lenient") == 0;
    else if (g_ascii_strcasecmp (name, "wait") == 0 &&
             g_ascii_string_to_unsigned (value, 10, 0, UINT32_MAX, &seconds, NULL)) {
        self->has_wait = true;
        self->wait_s = (uint32_t) MIN (seconds, PREFER_WAIT_MAX_S);
    }
}

prefer_t
prefer_read (const char *field)
{
    prefer_t self = {0};
    if (!field)
        return self;
    char **preferences = g_strsplit (field, ",", -1);
    for (char **preference = preferences; *preference; preference++) {
        g_strdelimit (*preference, "\"", ' ');
        char **halves = g_strsplit (*preference, "=", 2);
        if (halves[0] && halves[1])
            s_read_one (&self, g_strstrip (halves[0]), g_strstrip (halves[1]));
        g_strfreev (halves);
    }
    g_strfreev (preferences);
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
