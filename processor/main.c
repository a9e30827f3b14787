//  downlink-processor: flags in, a processor made, run and stopped.
//  SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/domain/partition.h"
#include "common/network/address.h"
#include "common/network/socket.h"
#include "common/options/options.h"
#include "common/process/log.h"
#include "common/process/stop_signals.h"
#include "common/process/watchdog.h"
#include "disk/private_directory.h"
#include "processor/processor.h"

static struct {
    const char *bind;
    uint64_t port;
    int store;
    const char *state_dir;
    uint64_t partitions;
    uint64_t watchdog_ms;
    int ordering;
    const char *admin;
    int log_level;
    int log_format;
} s_flags;

static const option_t s_options[] = {
    {"bind", OPTION_TEXT, &s_flags.bind, "127.0.0.1", "ADDR", 0, 0, "address to listen on"},
    {"port", OPTION_NUMBER, &s_flags.port, "5561", NULL, 1, ADDRESS_PORT_MAX,
        "port for messages from gateways; PORT+1 is for questions, PORT+2 for events"},
    {"store", OPTION_CHOICE, &s_flags.store, "sqlite", "sqlite|memory", 0, 0,
        "where the rockets are kept; memory: they are lost when the process ends"},
    {"state-dir", OPTION_TEXT, &s_flags.state_dir, "./var/state", "DIR", 0, 0,
        "directory of the store's files; made if it is not there"},
    {"partitions", OPTION_NUMBER, &s_flags.partitions, "16", "P", 1, PARTITIONS_MAX,
        "number of partitions of a new state; a state that exists keeps its own number"},
    {"ordering", OPTION_CHOICE, &s_flags.ordering, "converge", "converge|latest", 0, 0,
        "of a new state; converge: a late message counts; latest: it is ignored. A state that "
        "exists "
        "refuses the other one"},
    {"admin", OPTION_TEXT, &s_flags.admin, NULL, "ADDR:PORT", 0, 0,
        "answer GET /metrics, /livez and /readyz there; not set: nowhere"},
    {"watchdog", OPTION_DURATION, &s_flags.watchdog_ms, "10s", NULL, 0, 3600000,
        "end the process if one of its loops hangs for so long; 0: never"},
    {"log-level", OPTION_CHOICE, &s_flags.log_level, "info", "debug|info|warn|error", 0, 0,
        "what is logged, on standard error"},
    {"log-format", OPTION_CHOICE, &s_flags.log_format, "text", "text|json", 0, 0,
        "how it is logged"},
};

static const options_t s_usage = {"downlink-processor",
    "takes in frames from gateways, holds the state of the rockets, answers questions", NULL,
    "  downlink-processor\n"
    "  downlink-processor --bind 0.0.0.0 --port 5561 --ordering latest\n",
    s_options, G_N_ELEMENTS (s_options),
    "A processor takes in frames of messages, folds them into the state of the rockets, saves what "
    "changed, acknowledges, and answers questions. Messages may come in any order and more than "
    "once: each counts once.\n\n"
    "It listens on three ports in a row: --port for frames, the next one for questions, the one "
    "after for events.\n\n"
    "SIGTERM, SIGINT and SIGHUP stop it once all that came in is saved. A second SIGTERM or SIGINT "
    "ends it at once: "
    "gateways then send again what was not acknowledged."};

int
main (int argc, char **argv)
{
    options_read (&s_usage, argc, argv);
    listen_address_t admin;
    if (s_flags.admin && !listen_address_read (&admin, s_flags.admin))
        options_refuse (&s_usage, "--admin: '%s' " LISTEN_ADDRESS_FAULT, s_flags.admin);
    if (s_flags.watchdog_ms > 0 && s_flags.watchdog_ms < WATCHDOG_MIN_MS)
        options_refuse (&s_usage, "--watchdog: must be 0, or at least %d ms", WATCHDOG_MIN_MS);
    log_setup (s_usage.program, (log_level_t) s_flags.log_level, (log_format_t) s_flags.log_format);
    private_files_only ();
    int stop_fd = stop_signals_open ();
    if (stop_fd < 0) {
        log_event (LOG_ERROR, "cannot wait for signals", "reason=%s", g_strerror (errno));
        return 1;
    }
    log_start ();
    options_log (&s_usage);
    socket_setup ();
    watchdog_start (s_flags.watchdog_ms);
    processor_config_t config = {.bind = s_flags.bind,
        .port = (uint16_t) s_flags.port,
        .is_kept = s_flags.store == 0,
        .state_directory = s_flags.state_dir,
        .partitions = (uint32_t) s_flags.partitions,
        .ordering = (ordering_t) s_flags.ordering,
        .admin = s_flags.admin ? &admin : NULL};
    processor_t *processor = processor_new (&config, stop_fd);
    if (!processor)
        return 1;
    bool good = processor_run (processor);
    processor_destroy (&processor);
    watchdog_stop ();
    close (stop_fd);
    if (good)
        log_event (LOG_INFO, "stopped", "");
    return good ? 0 : 1;
}
