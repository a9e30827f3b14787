//  One line an event on standard error: time, level, what happened, key=value. Text or JSON.
//  Any thread may log; a line is written with one call and never torn. After log_start logging never
//  waits for whatever reads standard error.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LOG_H
#define DOWNLINK_LOG_H

#include <stdbool.h>
#include <stdint.h>

//  In the order of the choices of --log-level and --log-format.
typedef enum { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } log_level_t;
typedef enum { LOG_TEXT, LOG_JSON } log_format_t;

//  What is logged from now on. Before the first call: info and above, as text. program is kept.
void log_setup (const char *program, log_level_t level, log_format_t format);

//  Write lines on a thread from now on: a reader that takes none holds nobody up, and lines that find
//  no room are dropped and counted. Call once in main, with the signals blocked that main waits for.
void log_start (void);

//  Return how many lines were dropped so far.
uint64_t log_dropped (void);

//  Log an event: a few words without a number in them, and what belongs to it as a printf format of
//  key=conversion pairs with one space between ("path=%s frames=%zu"); "" for none. Values may hold
//  anything: they are quoted as needed.
void log_event (log_level_t level, const char *event, const char *pairs, ...)
    __attribute__ ((format (printf, 3, 4)));

//  Is that level shown? For those to whom it costs something to find out what to log.
bool log_shows (log_level_t level);

//  For what can repeat: true at most once an interval; *last_ms is the caller's, 0 at first.
bool log_is_due (int64_t *last_ms, int64_t interval_ms);

#endif
