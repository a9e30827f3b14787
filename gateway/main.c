//  downlink-gateway: flags in, a gateway run and stopped.
//  SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/options.h"
#include "common/socket.h"
#include "common/stop_signals.h"
#include "gateway/gateway.h"

static struct {
    const char *listen;
    const char *processors;
    const char *cors;
    int journal, overflow, log_level, log_format;
    uint64_t buffer, wait_ms, idle_connections, workers, max_body;
} s_flags;

static const option_t s_options[] = {
    {"listen", OPTION_TEXT, &s_flags.listen, "127.0.0.1:8088", "ADDR:PORT", 0, 0,
        "where to listen"},
    {"processors", OPTION_TEXT, &s_flags.processors, "localhost:5561", "LIST", 0, 0,
        "host:port of the processors' frames, comma-separated; every address of a name counts"},
    {"journal", OPTION_CHOICE, &s_flags.journal, "off", "off", 0, 0,
        "how accepted messages are kept; off: in memory"},
    {"buffer", OPTION_NUMBER, &s_flags.buffer, "1000000", NULL, 1, 0,
        "messages accepted and not yet acknowledged, at most"},
    {"overflow", OPTION_CHOICE, &s_flags.overflow, "reject", "reject|drop", 0, 0,
        "when the buffer is full: answer 503, or answer 202, drop and count"},
    {"wait", OPTION_DURATION, &s_flags.wait_ms, "5s", NULL, 0, 60000,
        "how long a request waits for room before 503"},
    {"idle-connections", OPTION_NUMBER, &s_flags.idle_connections, "1024", NULL, 0, 0,
        "past so many idle ones, the first answer on a connection closes it"},
    {"workers", OPTION_NUMBER, &s_flags.workers, "0", NULL, 0, 64,
        "threads; 0: half the cores, at least 1"},
    {"max-body", OPTION_SIZE, &s_flags.max_body, "8M", NULL, 1, 1024 * 1024 * 1024,
        "largest body of a request"},
    {"cors", OPTION_TEXT, &s_flags.cors, NULL, "ORIGIN", 0, 0,
        "origin whose pages may read the answers, or *"},
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
    s_options, G_N_ELEMENTS (s_options)};

//  Take --listen apart: 127.0.0.1:8088 or [::1]:8088.
static void
s_read_listen (worker_config_t *config)
{
    static char address[64];
    const char *listen = s_flags.listen;
    const char *colon = strrchr (listen, ':');
    guint64 port = 0;
    bool in_brackets = colon && listen[0] == '[' && colon > listen + 1 && colon[-1] == ']';
    size_t size = colon ? (size_t) (colon - listen) - (in_brackets ? 2 : 0) : 0;
    if (size == 0 || size >= sizeof address ||
        !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL))
        options_refuse (&s_usage, "--listen: '%s' must be ADDR:PORT", listen);
    memcpy (address, listen + (in_brackets ? 1 : 0), size);
    config->address = address;
    config->port = (uint16_t) port;
}

int
main (int argc, char **argv)
{
    options_read (&s_usage, argc, argv);
    unsigned workers = s_flags.workers ? (unsigned) s_flags.workers : g_get_num_processors () / 2;
    gateway_config_t config = {.workers = MAX (workers, 1), .processors = s_flags.processors};
    config.worker = (worker_config_t){.buffer = s_flags.buffer,
        .overflow = (overflow_t) s_flags.overflow,
        .wait_ms = s_flags.wait_ms,
        .idle_connections = s_flags.idle_connections,
        .max_body_bytes = s_flags.max_body,
        .cors = s_flags.cors};
    s_read_listen (&config.worker);
    if (!discovery_check (s_flags.processors))
        options_refuse (&s_usage, "--processors: '%s' must be host:port,...", s_flags.processors);
    log_setup (s_usage.program, (log_level_t) s_flags.log_level, (log_format_t) s_flags.log_format);
    options_log (&s_usage);
    int stop_fd = stop_signals_open ();
    if (stop_fd < 0) {
        log_event (LOG_ERROR, "cannot wait for signals", "reason=%s", g_strerror (errno));
        return 1;
    }
    socket_setup ();
    int result = gateway_run (&config, stop_fd);
    close (stop_fd);
    if (result == 0)
        log_event (LOG_INFO, "stopped", "");
    return result == 0 ? 0 : 1;
}
