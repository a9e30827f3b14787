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
        "address and port for HTTP; 0.0.0.0:8088 for all addresses of the machine"},
    {"processors", OPTION_TEXT, &s_flags.processors, "localhost:5561", "LIST", 0, 0,
        "HOST:PORT of each processor (its --port), comma-separated; if a name has several "
        "addresses, "
        "all of them are used"},
    {"journal", OPTION_CHOICE, &s_flags.journal, "fsync", "fsync|os|off", 0, 0,
        "when a message counts as accepted; fsync: it is on disk; os: the operating system has it; "
        "off: it is in memory"},
    {"journal-dir", OPTION_TEXT, &s_flags.journal_dir, "./var/journal", "DIR", 0, 0,
        "directory of the journals; made if it is not there"},
    {"journal-limit", OPTION_SIZE, &s_flags.journal_limit, "1G", NULL, 1, 0,
        "the most bytes of messages that the journal may hold"},
    {"buffer", OPTION_NUMBER, &s_flags.buffer, "1000000", NULL, 1, 0,
        "the most accepted messages that may wait to be saved by a processor"},
    {"overflow", OPTION_CHOICE, &s_flags.overflow, "reject", "reject|drop", 0, 0,
        "when the buffer is full: answer 503, or answer 202, drop and count"},
    {"wait", OPTION_DURATION, &s_flags.wait_ms, "5s", NULL, 0, 60000,
        "how long a request waits for room in a full buffer before it gets 503"},
    {"idle-connections", OPTION_NUMBER, &s_flags.idle_connections, "1024", NULL, 0, 0,
        "while more connections than this are open and idle, the gateway closes each new "
        "connection "
        "after its first answer"},
    {"event-streams", OPTION_NUMBER, &s_flags.event_streams, "2000", NULL, 0, 0,
        "the most clients of GET /events at a time"},
    {"workers", OPTION_NUMBER, &s_flags.workers, "0", NULL, 0, 64,
        "threads that serve requests; 0: half as many as the machine has cores, at least 1"},
    {"max-body", OPTION_SIZE, &s_flags.max_body, "8M", NULL, 1, 1024 * 1024 * 1024,
        "largest body of a request"},
    {"cors", OPTION_TEXT, &s_flags.cors, NULL, "ORIGIN", 0, 0,
        "let pages of this origin call the gateway from a browser; *: pages of any origin"},
    {"watchdog", OPTION_DURATION, &s_flags.watchdog_ms, "10s", NULL, 0, 3600000,
        "end the process if one of its loops hangs for so long; 0: never"},
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
        options_refuse (&s_usage, "--listen: '%s' " LISTEN_ADDRESS_FAULT, s_flags.listen);
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
        options_refuse (&s_usage,
            "--processors: '%s' must be a list of HOST:PORT, as in localhost:5561 or "
            "one:5561,two:5561",
            s_flags.processors);
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
