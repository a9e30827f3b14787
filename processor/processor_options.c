//  SPDX-License-Identifier: Apache-2.0
#include "processor/processor_options.h"

#include <glib.h>

#include "common/domain/partition.h"
#include "common/network/address.h"
#include "processor/choose_store.h"

#define NOT_GIVEN (-1)
#define SETTINGS_OPTION(NAME, name, partitioner, needs_it, setting, help)                          \
    {#name "-config", OPTION_TEXT, &s_flags.bus.settings[BUS_##NAME], NULL, "FILE", 0, 0, help},

static service_t s_service;
static listen_address_t s_admin;
static char s_bind[LISTEN_HOST_SIZE];

static struct {
    const char *bind;
    uint64_t port;
    const char *store;
    const char *state_dir;
    uint64_t partitions;
    int partitioner;
    int ordering;
    uint64_t rockets;
    retention_config_t retention;
    const char *admin;
    bus_flags_t bus;
    const char *curve_dir;
    bool is_insecure;
} s_flags = {.partitioner = NOT_GIVEN};

static const option_t s_options[] = {
    {"bind", OPTION_TEXT, &s_flags.bind, "127.0.0.1", "ADDR", 0, 0,
        "address to listen on; 0.0.0.0 for all addresses of the machine"},
    {"port", OPTION_NUMBER, &s_flags.port, "5561", NULL, 1, ADDRESS_PORT_MAX,
        "port for messages from gateways; PORT+1 is for queries, PORT+2 for events"},
    {"store", OPTION_TEXT, &s_flags.store, "sqlite", "STORE", 0, 0,
        "where the rockets are kept: sqlite, files in --state-dir, for the processors of one host; "
        "postgres://USER@HOST/DATABASE, for processors on many hosts; memory, until the process "
        "ends"},
    {"state-dir", OPTION_TEXT, &s_flags.state_dir, "./var/state", "DIR", 0, 0,
        "directory of the files of --store=sqlite; made if it does not exist"},
    {"partitions", OPTION_NUMBER, &s_flags.partitions, "16", "P", 1, PARTITIONS_MAX,
        "number of partitions of a new state; an existing state keeps its own number"},
    {"partitioner", OPTION_CHOICE, &s_flags.partitioner, NULL, "xxh3|murmur2", 0, 0,
        "partition function of a new state; murmur2: the function of Kafka's producers, which "
        "--bus=kafka needs and uses by default; otherwise the default is xxh3. An existing state "
        "keeps its own"},
    {"rockets", OPTION_NUMBER, &s_flags.rockets, "0", NULL, 0, 0,
        "number of rockets at which this processor is full: gateways then refuse messages of "
        "rockets that do not exist yet. 0: any number"},
    {"forget-exploded", OPTION_DURATION, &s_flags.retention.forget_exploded_ms, "0", NULL, 0, 0,
        "forget exploded rockets that have not changed for this time (at the latest after twice as "
        "long); 0: keep them"},
    {"remember-forgotten", OPTION_DURATION, &s_flags.retention.remember_ms, "168h", NULL,
        REMEMBER_MIN_MS, 0,
        "time for which late messages of a forgotten rocket are ignored; then its id may be used "
        "again"},
    {"ordering", OPTION_CHOICE, &s_flags.ordering, "converge", "converge|latest", 0, 0,
        "of a new state; converge: a late message counts; latest: it is ignored. The processor "
        "refuses to start on an existing state with the other one"},
    BUS_OPTIONS (s_flags.bus),
    {"dead-letter", OPTION_TEXT, &s_flags.bus.dead_letter, NULL, "NAME", 0, 0,
        "with a broker: topic or queue for bad messages; made if it does not exist; not set: bad "
        "messages are only logged and counted"},
    BROKER_BUSES (SETTINGS_OPTION){"admin", OPTION_TEXT, &s_flags.admin, NULL, "ADDR:PORT", 0, 0,
        "answer GET /metrics, /livez and /readyz at this address; not set: nowhere"},
    {"curve-dir", OPTION_TEXT, &s_flags.curve_dir, NULL, "DIR", 0, 0,
        "directory of the keys of the three ports and of their clients; an empty directory is "
        "filled. Without it the processor listens only where no other machine reaches it"},
    {"insecure", OPTION_SWITCH, &s_flags.is_insecure, "no", NULL, 0, 0,
        "listen beyond this machine without --curve-dir: every client of the ports may do "
        "everything"},
    SERVICE_OPTIONS (s_service),
};

static const options_t s_usage = {"downlink-processor",
    "takes in messages from gateways, holds the state of the rockets, answers queries", NULL, NULL,
    "  downlink-processor\n"
    "  downlink-processor --bind 0.0.0.0 --curve-dir /etc/downlink/curve --ordering latest\n",
    s_options, G_N_ELEMENTS (s_options),
    "A processor takes in messages, folds them into the state of the rockets, saves the changes, "
    "acknowledges the messages, and answers queries. Messages may come in any order and more than "
    "once: each counts once.\n\n"
    "It listens on three consecutive ports: --port for frames of messages, then a port for "
    "queries, then one for events.\n\n"
    "With --curve-dir each connection needs a key that the file peers of that directory lists with "
    "the right for the port, and all bytes are encrypted. The processor reads the file again when "
    "it has changed, and on SIGHUP, which then does not stop it.\n\n"
    "SIGTERM, SIGINT and SIGHUP stop it once it has saved all that came in. A second SIGTERM or "
    "SIGINT ends it at once: gateways then send the frames without an ack again.\n\n"
    "SIGUSR1 logs the state of the loop."};

static void
s_read_bus (bus_choice_t *choice)
{
    char refusal[BUS_REFUSAL_SIZE];
    if (!bus_choose (&s_flags.bus, choice, refusal))
        options_refuse (&s_usage, "%s", refusal);
    partitioner_t needed = bus_partitioner (choice->bus);
    if (bus_needs_partitioner (choice->bus) && s_flags.partitioner != NOT_GIVEN &&
        s_flags.partitioner != (int) needed)
        options_refuse (&s_usage, "--partitioner: --bus=%s needs %s", bus_name (choice->bus),
            partitioner_name (needed));
}

const service_t *
processor_options_read (processor_config_t *config, int argc, char **argv)
{
    s_service.usage = &s_usage;
    service_read_options (&s_service, argc, argv);
    if (!store_is_known (s_flags.store))
        //  The value may hold a password.
        options_refuse (&s_usage, "--store: the value is not sqlite, memory or postgres://...");
    if (!listen_host_read (s_bind, s_flags.bind))
        options_refuse (&s_usage,
            "--bind: '%s' must be an address of this machine, as in 127.0.0.1, localhost or [::1]; "
            "0.0.0.0 stands for all its addresses",
            s_flags.bind);
    if (!address_is_loopback (s_bind) && !s_flags.curve_dir && !s_flags.is_insecure)
        options_refuse (&s_usage,
            "--bind: other machines reach '%s', so its ports need keys (--curve-dir DIR, made with "
            "downlink-keygen); --insecure lets every program in",
            s_flags.bind);
    s_service.is_reloading = s_flags.curve_dir != NULL;
    if (s_flags.admin && !listen_address_read (&s_admin, s_flags.admin, 0))
        options_refuse (&s_usage, "--admin: '%s' " LISTEN_ADDRESS_FAULT, s_flags.admin);
    *config = (processor_config_t){.bind = s_bind,
        .port = (uint16_t) s_flags.port,
        .store = s_flags.store,
        .state_directory = s_flags.state_dir,
        .partitions = (uint32_t) s_flags.partitions,
        .partitioner = s_flags.partitioner != NOT_GIVEN ? (partitioner_t) s_flags.partitioner
                                                        : bus_partitioner ((bus_t) s_flags.bus.bus),
        .is_partitioner_given = s_flags.partitioner != NOT_GIVEN,
        .ordering = (ordering_t) s_flags.ordering,
        .rockets = s_flags.rockets,
        .retention = s_flags.retention,
        .admin = s_flags.admin ? &s_admin : NULL,
        .curve_directory = s_flags.curve_dir};
    s_read_bus (&config->bus);
    s_service.has_secrets =
        s_flags.curve_dir || config->bus.settings || g_str_has_prefix (s_flags.store, "postgres");
    return &s_service;
}
