//  downlink-processor: flags in, a processor made, run and stopped.
//  SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "common/options.h"
#include "common/partition.h"
#include "common/socket.h"
#include "common/stop_signals.h"
#include "processor/processor.h"

static struct {
    const char *bind;
    uint64_t port;
    int store;
    uint64_t partitions;
    int ordering;
    int log_level;
    int log_format;
} s_flags;

static const option_t s_options[] = {
    {"bind", OPTION_TEXT, &s_flags.bind, "127.0.0.1", "ADDR", 0, 0, "address to listen on"},
    {"port", OPTION_NUMBER, &s_flags.port, "5561", NULL, 1, 65533,
        "frames; questions on the next port, events on the one after"},
    {"store", OPTION_CHOICE, &s_flags.store, "memory", "memory", 0, 0,
        "where the rockets are kept; memory: gone with the process"},
    {"partitions", OPTION_NUMBER, &s_flags.partitions, "16", "P", 1, PARTITIONS_MAX,
        "how many partitions; fixed when the store is made"},
    {"ordering", OPTION_CHOICE, &s_flags.ordering, "converge", "converge|latest", 0, 0,
        "converge: late messages count; latest: they are ignored"},
    {"log-level", OPTION_CHOICE, &s_flags.log_level, "info", "debug|info|warn|error", 0, 0,
        "what is logged, on standard error"},
    {"log-format", OPTION_CHOICE, &s_flags.log_format, "text", "text|json", 0, 0,
        "how it is logged"},
};

static const options_t s_usage = {"downlink-processor",
    "takes in frames from gateways, holds the state of the rockets, answers questions", NULL,
    "  downlink-processor\n"
    "  downlink-processor --bind 0.0.0.0 --port 5561 --ordering latest\n",
    s_options, G_N_ELEMENTS (s_options)};

int
main (int argc, char **argv)
{
    options_read (&s_usage, argc, argv);
    log_setup (s_usage.program, (log_level_t) s_flags.log_level, (log_format_t) s_flags.log_format);
    options_log (&s_usage);
    int stop_fd = stop_signals_open ();
    if (stop_fd < 0) {
        log_event (LOG_ERROR, "cannot wait for signals", "reason=%s", g_strerror (errno));
        return 1;
    }
    socket_setup ();
    processor_config_t config = {.bind = s_flags.bind,
        .port = (uint16_t) s_flags.port,
        .partitions = (uint32_t) s_flags.partitions,
        .ordering = (ordering_t) s_flags.ordering};
    processor_t *processor = processor_new (&config, stop_fd);
    if (!processor)
        return 1;
    processor_run (processor);
    stop_signals_release ();
    processor_destroy (&processor);
    close (stop_fd);
    log_event (LOG_INFO, "stopped", "");
    return 0;
}
