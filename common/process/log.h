//  One line for each event on standard error: time, level, event, key=value pairs. Text or JSON.
//  Any thread may log. A line is written with one call, so lines never mix. After log_start,
//  logging never waits for the reader of standard error.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LOG_H
#define DOWNLINK_LOG_H

#include <stdbool.h>
#include <stdint.h>

//  In the order of the choices of --log-level and --log-format.
typedef enum { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } log_level_t;
typedef enum { LOG_TEXT, LOG_JSON } log_format_t;

//  Set the lowest level that is logged, and the format. Before the first call it is info, as text.
//  program must stay valid.
void log_setup (const char *program, log_level_t level, log_format_t format);

//  Start a thread that writes the lines. Lines for which a slow reader leaves no room are dropped
//  and counted. Call once in main, after main has blocked the signals that it waits for.
void log_start (void);

//  Return the number of lines that were dropped so far.
uint64_t log_dropped (void);

//  End the process at once with EXIT_FAILURE: no other thread, no destructor and no exit handler
//  runs any more. Lines that were logged before are still written if the reader takes them within a
//  second.
void log_exit (void) __attribute__ ((noreturn));

//  Log an event. event is a few words without numbers. pairs is a printf format of key=conversion
//  pairs with one space between ("path=%s frames=%zu"), or "". Values may hold any bytes: the log
//  quotes them as needed.
void log_event (log_level_t level, const char *event, const char *pairs, ...)
    __attribute__ ((format (printf, 3, 4)));

//  Return true if the level is logged. Ask before costly preparations.
bool log_shows (log_level_t level);

//  Return true at most once in each interval, for events that can repeat. *last_ms belongs to the
//  caller and starts at 0.
bool log_is_due (int64_t *last_ms, int64_t interval_ms);

#endif
