//  The pairs are formatted in one go, with the spaces of the format turned into a separator that
//  cannot be typed, and then split: so the compiler checks the values, and values may hold spaces.
//  SPDX-License-Identifier: Apache-2.0
#include "common/log.h"

#include <glib.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/timestamp.h"

#define SEPARATOR '\x1f'
static struct {
    const char *program;
    log_level_t level;
    log_format_t format;
} s_log = {"downlink", LOG_INFO, LOG_TEXT};

void
log_setup (const char *program, log_level_t level, log_format_t format)
{
    s_log.program = program;
    s_log.level = level;
    s_log.format = format;
}

//  Add a string in double quotes, escaped as JSON has it; bytes that are no UTF-8 become U+FFFD.
static void
s_add_quoted (GString *line, const char *value)
{
    char *valid = g_utf8_make_valid (value, -1);
    g_string_append_c (line, '"');
    for (const char *at = valid; *at; at++) {
        unsigned char byte = (unsigned char) *at;
        if (byte == '"' || byte == '\\')
            g_string_append_printf (line, "\\%c", byte);
        else if (byte == '\n')
            g_string_append (line, "\\n");
        else if (byte < 0x20 || byte == 0x7f)
            g_string_append_printf (line, "\\u%04x", byte);
        else
            g_string_append_c (line, (char) byte);
    }
    g_string_append_c (line, '"');
    g_free (valid);
}

static bool
s_is_plain (const char *value)
{
    for (const char *at = value; *at; at++)
        if ((unsigned char) *at <= ' ' || (unsigned char) *at >= 0x7f || strchr ("\"=\\", *at))
            return false;
    return *value != 0;
}

static void
s_add_pair (GString *line, const char *key, const char *value)
{
    if (s_log.format == LOG_JSON) {
        g_string_append_c (line, ',');
        s_add_quoted (line, key);
        g_string_append_c (line, ':');
        s_add_quoted (line, value);
    }
    else {
        g_string_append_printf (line, " %s=", key);
        if (s_is_plain (value))
            g_string_append (line, value);
        else
            s_add_quoted (line, value);
    }
}

static void
s_add_pairs (GString *line, const char *pairs, va_list values)
{
    char *format = g_strdelimit (g_strdup (pairs), " ", SEPARATOR);
    char *text = g_strdup_vprintf (format, values);
    const char separator[] = {SEPARATOR, 0};
    char **parts = g_strsplit (text, separator, -1);
    for (char **part = parts; *part; part++) {
        char *equals = strchr (*part, '=');
        if (!equals)
            continue;
        *equals = 0;
        s_add_pair (line, *part, equals + 1);
    }
    g_strfreev (parts);
    g_free (text);
    g_free (format);
}

void
log_event (log_level_t level, const char *event, const char *pairs, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (level < s_log.level)
        return;
    char time[TIMESTAMP_SIZE];
    timestamp_print (clock_wall_us (), time);
    GString *line = g_string_new (NULL);
    if (s_log.format == LOG_JSON) {
        g_string_append_printf (line,
            "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"event\":", time, names[level],
            s_log.program);
        s_add_quoted (line, event);
    }
    else
        g_string_append_printf (line, "%s %-5s %s: %s", time, names[level], s_log.program, event);
    va_list values;
    va_start (values, pairs);
    s_add_pairs (line, pairs, values);
    va_end (values);
    g_string_append (line, s_log.format == LOG_JSON ? "}\n" : "\n");
    //  Nobody is left to be told that standard error is gone.
    ssize_t written = write (STDERR_FILENO, line->str, line->len);
    (void) written;
    g_string_free (line, TRUE);
}

bool
log_shows (log_level_t level)
{
    return level >= s_log.level;
}

bool
log_is_due (int64_t *last_ms, int64_t interval_ms)
{
    int64_t now_ms = clock_ms ();
    if (*last_ms && now_ms - *last_ms < interval_ms)
        return false;
    *last_ms = now_ms;
    return true;
}
