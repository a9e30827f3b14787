//  One printf formats all pairs, with the spaces of the format replaced by a random separator, and
//  the result is split there. So the compiler checks the values, and no value can pose as two
//  pairs.
//  SPDX-License-Identifier: Apache-2.0
#include "common/process/log.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/process/advice.h"
#include "common/process/clock.h"
#include "common/process/log_writer.h"
#include "common/text/timestamp.h"
#include "common/text/visible_text.h"

#define SEPARATOR_BYTES 12

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
        visible_text_add_quoted (line, key);
        g_string_append_c (line, ':');
        visible_text_add_quoted (line, value);
    }
    else {
        g_string_append_printf (line, " %s=", key);
        if (s_is_plain (value))
            g_string_append (line, value);
        else
            visible_text_add_quoted (line, value);
    }
}

static char s_separator[SEPARATOR_BYTES + 1];

//  Random letters between two characters that our texts never have.
static void
s_make_separator (void)
{
    uint8_t bytes[SEPARATOR_BYTES] = {0};
    if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
        memcpy (bytes, &(int64_t){clock_us ()}, sizeof (int64_t));
    for (size_t index = 0; index < SEPARATOR_BYTES; index++)
        s_separator[index] = (char) ('a' + bytes[index] % 26);
    s_separator[0] = s_separator[SEPARATOR_BYTES - 1] = '\x1f';
}

static void
s_add_pairs (GString *line, const char *pairs, va_list values)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once (&once, s_make_separator);
    char **formats = g_strsplit (pairs, " ", -1);
    char *format = g_strjoinv (s_separator, formats);
    char *text = g_strdup_vprintf (format, values);
    char **parts = g_strsplit (text, s_separator, -1);
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
    g_strfreev (formats);
}

static void
s_add_line (GString *line, log_level_t level, const char *event, const char *pairs, va_list values)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char time[TIMESTAMP_SIZE];
    timestamp_print (clock_wall_us (), time);
    if (s_log.format == LOG_JSON) {
        g_string_append_printf (line,
            "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"event\":", time, names[level],
            s_log.program);
        visible_text_add_quoted (line, event);
    }
    else
        g_string_append_printf (line, "%s %-5s %s: %s", time, names[level], s_log.program, event);
    s_add_pairs (line, pairs, values);
    g_string_append (line, s_log.format == LOG_JSON ? "}\n" : "\n");
}

void
log_event (log_level_t level, const char *event, const char *pairs, ...)
{
    if (level < s_log.level)
        return;
    GString *line = g_string_new (NULL);
    va_list values;
    va_start (values, pairs);
    s_add_line (line, level, event, pairs, values);
    va_end (values);
    log_writer_put (line->str, line->len);
    g_string_free (line, TRUE);
}

//  Compose a line of any level.
static void __attribute__ ((format (printf, 4, 5)))
s_make_line (GString *line, log_level_t level, const char *event, const char *pairs, ...)
{
    va_list values;
    va_start (values, pairs);
    s_add_line (line, level, event, pairs, values);
    va_end (values);
}

static void
s_make_dropped (GString *line, uint64_t lines)
{
    s_make_line (line, LOG_WARN, "lines of this log were dropped: its reader took none",
        "lines=%" PRIu64, lines);
}

static void
s_make_crashed (GString *line, int number)
{
    s_make_line (
        line, LOG_ERROR, "the process ends by a signal", "signal=SIG%s", sigabbrev_np (number));
}

//  The line about the lack of memory, composed beforehand except for its time.
static struct {
    char line[512];
    size_t size;
    size_t time;  //  where the time stands
} s_last_words;

static void
s_prepare_last_words (void)
{
    GString *line = g_string_new (NULL);
    s_make_line (line, LOG_ERROR, "out of memory: the process ends", "advice=%s",
        "give it more memory, or bound what it takes; accepted messages are safe");
    s_last_words.size = MIN (line->len, sizeof s_last_words.line);
    s_last_words.time = s_log.format == LOG_JSON ? strlen ("{\"time\":\"") : 0;
    memcpy (s_last_words.line, line->str, s_last_words.size);
    g_string_free (line, TRUE);
}

static text_t
s_out_of_memory (void)
{
    char time[TIMESTAMP_SIZE];
    timestamp_print (clock_wall_us (), time);
    memcpy (s_last_words.line + s_last_words.time, time, TIMESTAMP_SIZE - 1);
    return text_of (s_last_words.line, s_last_words.size);
}

//  Take a message of GLib, or one of ours by g_error. GLib aborts after a fatal one, such as those
//  about memory.
static void
s_take_message (const char *domain, GLogLevelFlags level, const char *message, void *context)
{
    (void) context;
    if (strstr (message, "failed to allocate") || strstr (message, "no memory"))
        errno = ENOMEM;  //  for the crash handler, as errno may have changed
    else
        log_event (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL) ? LOG_ERROR : LOG_WARN,
            "a library complains", "library=%s text=%s", domain ? domain : "", message);
}

void
log_start (void)
{
    static const log_writer_lines_t lines = {s_make_dropped, s_make_crashed, s_out_of_memory};
    s_prepare_last_words ();
    g_log_set_default_handler (s_take_message, NULL);
    int error = log_writer_start (&lines);
    if (error == 0)
        return;
    log_event (LOG_ERROR, "cannot start a thread", "thread=log reason=%s advice=%s",
        g_strerror (error), advice_thread ());
    exit (EXIT_FAILURE);
}

uint64_t
log_dropped (void)
{
    return log_writer_dropped ();
}

void
log_exit (void)
{
    log_writer_flush ();
    _exit (EXIT_FAILURE);
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
