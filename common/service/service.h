//  Start and end a server: options, log, signals, sockets, watchdog. Gateway and processor share
//  this code; only main calls it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SERVICE_H
#define DOWNLINK_SERVICE_H

#include <stdbool.h>

#include "common/options/options.h"

//  A server's table of options, and the values of the options that every server has.
typedef struct {
    const options_t *usage;
    bool is_reloading;  //  SIGHUP means to read files again, not to stop
    bool has_secrets;   //  tokens, keys or passwords are in its memory
    uint64_t watchdog_ms;
    int core_dumps;  //  core_dumps_t
    int log_level;
    int log_format;
} service_t;

//  In the order of the choices of --core-dumps.
typedef enum { CORE_DUMPS_AUTO, CORE_DUMPS_YES, CORE_DUMPS_NO } core_dumps_t;

//  The rows that every server's table ends with; service is a static service_t.
//  clang-format off
#define SERVICE_OPTIONS(service)                                                                   \
    {"watchdog", OPTION_DURATION, &(service).watchdog_ms, "10s", NULL, 0, 3600000,                 \
        "end the process if one of its loops hangs for so long; 0: never"},                        \
        {"core-dumps", OPTION_CHOICE, &(service).core_dumps, "auto", "auto|yes|no", 0, 0,          \
            "whether a crash may leave a core, which holds all memory; auto: only if no tokens, "  \
            "keys or passwords are in it. A process without cores cannot be traced either"},       \
        {"log-level", OPTION_CHOICE, &(service).log_level, "info", "debug|info|warn|error", 0, 0,  \
            "the least important lines to log, on standard error"},                                \
    {                                                                                              \
        "log-format", OPTION_CHOICE, &(service).log_format, "text", "text|json", 0, 0,             \
            "the form of log lines"                                                                \
    }
//  clang-format on

//  Read the flags and the environment into the options. Exit 2 after an explanation if one is
//  wrong.
void service_read_options (const service_t *self, int argc, char **argv);

//  Descriptors that become readable at a signal.
typedef struct {
    int stop;    //  the process should stop
    int state;   //  the loops should log their state: see state_signal_take
    int reload;  //  files should be read again: see stop_signals_take_reload; -1: SIGHUP stops
} service_signals_t;

//  Start the log, set up signals and sockets, and start the watchdog, before any other thread
//  exists. Files that the process makes from now on are readable for its user alone. Return false
//  on failure; then the log says why.
bool service_start (const service_t *self, service_signals_t *signals)
    __attribute__ ((warn_unused_result));

//  Stop the watchdog, close the descriptors and, after a good run, log its end. Return the exit
//  status.
int service_end (const service_signals_t *signals, bool is_good);

#endif
