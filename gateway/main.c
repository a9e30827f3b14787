//  downlink-gateway: flags in, a gateway run and stopped.
//  SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "common/network/listen_address.h"
#include "common/network/socket.h"
#include "common/options/options.h"
#include "common/process/log.h"
#include "common/process/stop_signals.h"
#include "common/process/watchdog.h"
#include "disk/private_directory.h"
#include "gateway/gateway.h"

static struct {
    const char *listen;
    const char *processors;
    const char *cors;
    const char *journal_dir;
    int journal, overflow, log_level, log_format;
    uint64_t journal_limit, buffer, wait_ms, idle_connections, event_streams, workers, max_body,
        watchdog_ms;
} s_flags;

static const option_t s_options[] = {
    {"listen", OPTION_TEXT, &s_flags.listen, "127.0.0.1:8088", "ADDR:PORT", 0, 0,
        "where to listen"},
    {"processors", OPTION_TEXT, &s_flags.processors, "localhost:5561", "LIST", 0, 0,
        "host:port of the processors' frames, comma-separated; every address of a name counts"},
    {"journal", OPTION_CHOICE, &s_flags.journal, "fsync", "fsync|os|off", 0, 0,
        "what accepted means; fsync: on disk; os: with the operating system; off: in memory"},
    {"journal-dir", OPTION_TEXT, &s_flags.journal_dir, "./var/journal", "DIR", 0, 0,
        "directory of the journals; made if it is not there"},
    {"journal-limit", OPTION_SIZE, &s_flags.journal_limit, "1G", NULL, 1, 0,
        "bytes of messages in the journal, at most"},
    {"buffer", OPTION_NUMBER, &s_flags.buffer, "1000000", NULL, 1, 0,
        "messages accepted and not yet acknowledged, at most"},
    {"overflow", OPTION_CHOICE, &s_flags.overflow, "reject", "reject|drop", 0, 0,
        "when the buffer is full: answer 503, or answer 202, drop and count"},
    {"wait", OPTION_DURATION, &s_flags.wait_ms, "5s", NULL, 0, 60000,
        "how long a request waits for room before 503"},
    {"idle-connections", OPTION_NUMBER, &s_flags.idle_connections, "1024", NULL, 0, 0,
        "past so many idle ones, the first answer on a connection closes it"},
    {"event-streams", OPTION_NUMBER, &s_flags.event_streams, "2000", NULL, 0, 0,
        "clients of GET /events at once, at most"},
    {"workers", OPTION_NUMBER, &s_flags.workers, "0", NULL, 0, 64,
        "threads; 0: half the cores, at least 1"},
    {"max-body", OPTION_SIZE, &s_flags.max_body, "8M", NULL, 1, 1024 * 1024 * 1024,
        "largest body of a request"},
    {"cors", OPTION_TEXT, &s_flags.cors, NULL, "ORIGIN", 0, 0,
        "origin whose pages may read the answers, or *"},
    {"watchdog", OPTION_DURATION, &s_flags.watchdog_ms, "10s", NULL, 0, 3600000,
        "a loop that hangs for so long ends the process; 0: never"},
    {"log-level", OPTION_CHOICE, &s_flags.log_level, "info", "debug|info|warn|error", 0, 0,
        "what is logged, on standard error"},
    {"log-format", OPTION_CHOICE, &s_flags.log_format, "text", "text|json", 0, 0,
        "how it is logged"},
};

static const options_t s_usage = {"downlink-gateway",
    "accepts messages over HTTP, hands them to their processors, answers what state rockets are in",
    NULL,
    "  downlink-gateway\n"
    "  downlink-gateway --listen 0.0.0.0:8088 --processors one:5561,two:5561\n",
    s_options, G_N_ELEMENTS (s_options),
    "A gateway takes in messages as JSON, writes them to its journal, answers 202, and sends them "
    "to the processor that owns their rocket until that one says that they are saved. Questions "
    "are asked of the processors and answered by the gateway. Any number of gateways may run side "
    "by side, and may share a journal directory.\n\n"
    "Processors are found by name: every address of every name in --processors is connected to, "
    "and names are resolved again every second.\n\n"
    "SIGTERM, SIGINT and SIGHUP stop it: /readyz says 503, what was asked is answered, and what "
    "was "
    "accepted is delivered or stays in the journal for the next gateway. A second SIGTERM or "
    "SIGINT "
    "ends it at once, which loses nothing that was accepted either, unless --journal is off."};

int
main (int argc, char **argv)
{
    options_read (&s_usage, argc, argv);
    listen_address_t listen;
    if (!listen_address_read (&listen, s_flags.listen))
        options_refuse (&s_usage, "--listen: '%s' must be ADDR:PORT", s_flags.listen);
    unsigned workers = s_flags.workers ? (unsigned) s_flags.workers : g_get_num_processors () / 2;
    gateway_config_t config = {.workers = MAX (workers, 1), .processors = s_flags.processors};
    config.worker = (worker_config_t){.address = listen.host,
        .port = listen.port,
        .publisher = {.buffer = s_flags.buffer,
            .journal = (journal_mode_t) s_flags.journal,
            .journal_directory = s_flags.journal_dir,
            .journal_limit = s_flags.journal_limit},
        .overflow = (overflow_t) s_flags.overflow,
        .wait_ms = s_flags.wait_ms,
        .idle_connections = s_flags.idle_connections,
        .event_streams = s_flags.event_streams,
        .max_body_bytes = s_flags.max_body,
        .cors = s_flags.cors};
    if (!discovery_check (s_flags.processors))
        options_refuse (&s_usage, "--processors: '%s' must be host:port,...", s_flags.processors);
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
    int result = gateway_run (&config, stop_fd);
    watchdog_stop ();
    close (stop_fd);
    if (result == 0)
        log_event (LOG_INFO, "stopped", "");
    return result == 0 ? 0 : 1;
}
