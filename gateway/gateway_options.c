//  SPDX-License-Identifier: Apache-2.0
#include "gateway/gateway_options.h"

#include <glib.h>

#include "common/network/host_port.h"
#include "common/network/listen_address.h"

#define SETTINGS_OPTION(NAME, name, partitioner, needs_it, setting, help)                          \
    {#name "-config", OPTION_TEXT, &s_flags.bus.settings[BUS_##NAME], NULL, "FILE", 0, 0, help},

static service_t s_service;
static listen_address_t s_listen;
static networks_t s_proxies;

static struct {
    const char *listen;
    const char *processors;
    const char *cors;
    const char *host;
    const char *webhook_origin;
    const char *token_file;
    const char *trusted_proxies;
    uint64_t behind_proxy;
    const char *tls_cert;
    const char *tls_key;
    const char *tls_client_ca;
    bool is_insecure;
    const char *curve_dir;
    const char *journal_dir;
    bus_flags_t bus;
    int journal, overflow;
    uint64_t journal_limit, buffer, wait_ms, idle_connections, connections_per_address, rate,
        event_streams, workers, max_body;
    http_times_t times;
} s_flags;

static const option_t s_options[] = {
    {"listen", OPTION_TEXT, &s_flags.listen, "127.0.0.1:8088", "ADDR:PORT", 0, 0,
        "address and port for HTTP, or one of them; 0.0.0.0 for all addresses of the machine"},
    {"processors", OPTION_TEXT, &s_flags.processors, "localhost:5561", "LIST", 0, 0,
        "HOST:PORT of each processor (its --port), comma-separated; if a name has several "
        "addresses, the gateway uses all of them"},
    BUS_OPTIONS (s_flags.bus),
    BROKER_BUSES (SETTINGS_OPTION){"journal", OPTION_CHOICE, &s_flags.journal, "fsync",
        "fsync|os|off", 0, 0,
        "when a message counts as accepted; fsync: it is on disk; os: the operating system has it; "
        "off: it is in memory, or, with a broker (--bus), at the broker"},
    {"journal-dir", OPTION_TEXT, &s_flags.journal_dir, "./var/journal", "DIR", 0, 0,
        "directory of the journals; made if it does not exist"},
    {"journal-limit", OPTION_SIZE, &s_flags.journal_limit, "1G", NULL, 1, 0,
        "the most bytes of messages that the journal may hold"},
    {"buffer", OPTION_NUMBER, &s_flags.buffer, "1000000", NULL, 1, 0,
        "the most accepted messages that may wait to be saved by a processor"},
    {"overflow", OPTION_CHOICE, &s_flags.overflow, "reject", "reject|drop", 0, 0,
        "when the buffer is full: answer 503, or answer 202, drop and count"},
    {"wait", OPTION_DURATION, &s_flags.wait_ms, "5s", NULL, 0, 60000,
        "time that a request waits for room in a full buffer before it gets 503"},
    {"idle-connections", OPTION_NUMBER, &s_flags.idle_connections, "1024", NULL, 0, 0,
        "while more connections than this are open and idle, the gateway closes each new "
        "connection after its first answer"},
    {"connections-per-address", OPTION_NUMBER, &s_flags.connections_per_address, "256", NULL, 0, 0,
        "the most connections that one client may have open, by its address (IPv6: by the first 64 "
        "bits); further ones are closed at once. This machine and --trusted-proxies may have any "
        "number; 0: all clients may"},
    {"rate", OPTION_NUMBER, &s_flags.rate, "0", NULL, 0, RATE_MAX,
        "the most requests a second of each token, or without tokens of each address; further ones "
        "get 429. A request counts once, however many messages it has. 0: any number"},
    {"trusted-proxies", OPTION_TEXT, &s_flags.trusted_proxies, NULL, "LIST", 0, 0,
        "addresses and networks of proxies before the gateway, as in 10.0.0.0/8,192.0.2.7; their "
        "fields about the client count only with --behind-proxy"},
    {"idle-timeout", OPTION_DURATION, &s_flags.times.idle_ms, "75s", NULL, 100, 86400000,
        "time after which the gateway closes a connection without a request; a proxy in front must "
        "close its idle connections earlier, or it may send a request into a closing connection"},
    {"head-timeout", OPTION_DURATION, &s_flags.times.head_ms, "10s", NULL, 100, 3600000,
        "time that the head of a request may take; then 408"},
    {"body-timeout", OPTION_DURATION, &s_flags.times.body_ms, "15s", NULL, 100, 3600000,
        "time that each 64 KiB of a body may take; then 408"},
    {"event-streams", OPTION_NUMBER, &s_flags.event_streams, "2000", NULL, 0, 0,
        "the most clients of GET /events at a time"},
    {"workers", OPTION_NUMBER, &s_flags.workers, "0", NULL, 0, 64,
        "threads that serve requests; 0: half as many as the machine has cores, at least 1"},
    {"max-body", OPTION_SIZE, &s_flags.max_body, "8M", NULL, 1, 1024 * 1024 * 1024,
        "largest body of a request"},
    {"cors", OPTION_TEXT, &s_flags.cors, NULL, "ORIGIN", 0, 0,
        "let pages of this origin call the gateway from a browser; *: pages of any origin"},
    {"host", OPTION_TEXT, &s_flags.host, NULL, "NAMES", 0, 0,
        "comma-separated names under which browsers may reach the gateway, besides localhost; "
        "another Host gets 421. Not set: on a loopback address only localhost, elsewhere any name"},
    {"webhook-origin", OPTION_TEXT, &s_flags.webhook_origin, NULL, "LIST", 0, 0,
        "let these origins, comma-separated, deliver CloudEvents to POST /messages as a webhook, "
        "for which they ask first (OPTIONS); *: all"},
    {"token-file", OPTION_TEXT, &s_flags.token_file, NULL, "FILE", 0, 0,
        "the tokens that let clients in, a line each; downlink-keygen adds them. Without it the "
        "gateway listens only where no other machine reaches it"},
    {"tls-cert", OPTION_TEXT, &s_flags.tls_cert, NULL, "FILE", 0, 0,
        "speak only HTTPS, with this certificate, followed by any intermediate ones, in PEM"},
    {"tls-key", OPTION_TEXT, &s_flags.tls_key, NULL, "FILE", 0, 0,
        "key of --tls-cert in PEM, without a passphrase; other users must not be able to read it"},
    {"tls-client-ca", OPTION_TEXT, &s_flags.tls_client_ca, NULL, "FILE", 0, 0,
        "authorities in PEM; the gateway refuses clients without a certificate of one of them"},
    {"behind-proxy", OPTION_NUMBER, &s_flags.behind_proxy, "0", "N", 0, 16,
        "number of proxies that a request passes before the gateway; X-Forwarded-For and "
        "X-Forwarded-Proto of trusted proxies then give the client's address and scheme"},
    {"curve-dir", OPTION_TEXT, &s_flags.curve_dir, NULL, "DIR", 0, 0,
        "directory of the keys of the links to processors: this gateway's, and those that "
        "processors may have; an empty directory is filled. Without it the gateway connects only "
        "to processors of this machine"},
    {"insecure", OPTION_SWITCH, &s_flags.is_insecure, "no", NULL, 0, 0,
        "listen beyond this machine without --token-file: every client of the port may do "
        "everything; and connect beyond this machine without --curve-dir"},
    SERVICE_OPTIONS (s_service),
};

static const options_t s_usage = {"downlink-gateway",
    "accepts messages of rockets over HTTP, sends them to processors, answers queries", NULL, NULL,
    "  downlink-gateway\n"
    "  downlink-gateway --listen 0.0.0.0:8088 --token-file tokens --curve-dir keys \\\n"
    "      --processors one:5561,two:5561\n",
    s_options, G_N_ELEMENTS (s_options),
    "A gateway takes in messages as JSON, writes them to its journal, answers 202, and sends them "
    "to the processor that owns their rocket until the processor says that they are saved. It "
    "answers queries by asking the processors. Any number of gateways may run side by side, and "
    "may share a journal directory.\n\n"
    "A gateway connects to every address of every name in --processors, and resolves the names "
    "again every second.\n\n"
    "With --token-file each request except /livez and /readyz needs a token with the right scope, "
    "as in \"Authorization: Bearer TOKEN\". The gateway reads the file again when it has changed, "
    "and on SIGHUP, which then does not stop it.\n\n"
    "With --tls-cert and --tls-key the port speaks TLS 1.2 and 1.3, and nothing else. The gateway "
    "reads these files again when one has changed, and on SIGHUP; files that it cannot use leave "
    "the earlier ones in force.\n\n"
    "With --curve-dir the links to processors are encrypted, and both ends prove their identity. "
    "The gateway reads the list of keys again when it has changed.\n\n"
    "SIGTERM, SIGINT and SIGHUP stop it: /readyz says 503, the gateway answers the open requests, "
    "and delivers the accepted messages or leaves them in the journal for the next gateway. A "
    "second SIGTERM or SIGINT ends it at once; no accepted message is lost even then, unless "
    "--journal is off.\n\n"
    "SIGUSR1 logs the state of each worker."};

//  Read the address. Refuse one that other machines reach, unless clients need tokens there.
static void
s_read_listen (void)
{
    if (!listen_address_read (&s_listen, s_flags.listen, host_port_gateway.port))
        options_refuse (&s_usage, "--listen: '%s' " LISTEN_ADDRESS_FAULT, s_flags.listen);
    if (!address_is_loopback (s_listen.host) && !s_flags.token_file && !s_flags.tls_client_ca &&
        !s_flags.is_insecure)
        options_refuse (&s_usage,
            "--listen: other machines reach '%s', so clients need tokens (--token-file FILE, made "
            "with downlink-keygen) or certificates (--tls-client-ca FILE); --insecure lets "
            "every client in",
            s_flags.listen);
}

//  Refuse an incomplete set of TLS files.
static void
s_check_tls (void)
{
    if (!s_flags.tls_cert != !s_flags.tls_key)
        options_refuse (&s_usage, "--tls-cert and --tls-key must be given together");
    if (s_flags.tls_client_ca && !s_flags.tls_cert)
        options_refuse (&s_usage, "--tls-client-ca needs --tls-cert and --tls-key");
}

//  Refuse an origin that no browser sends, such as one with a path: it would allow nothing.
static void
s_check_cors (void)
{
    const char *origin = s_flags.cors;
    const char *authority = origin ? strstr (origin, "://") : NULL;
    if (!origin || strcmp (origin, "*") == 0)
        return;
    if (!authority || !authority[3] || strpbrk (authority + 3, "/, \t\r\n"))
        options_refuse (&s_usage,
            "--cors: '%s' must be one origin, as in https://page.example:8443, without a path; or "
            "* for all",
            origin);
}

//  Return the first host of a list that may be another machine; NULL: there is none.
static char *
s_find_elsewhere (const char *list)
{
    char *found = NULL;
    GArray *names = addresses_parse (list);
    for (guint index = 0; index < names->len && !found; index++) {
        const char *host = g_array_index (names, address_name_t, index).host;
        if (!address_is_loopback (host) && g_ascii_strcasecmp (host, "localhost") != 0)
            found = g_strdup (host);
    }
    g_array_unref (names);
    return found;
}

//  Refuse links to other machines, unless they have keys.
static void
s_check_links (void)
{
    if (!discovery_check (s_flags.processors))
        options_refuse (&s_usage, "--processors: '%s' " ADDRESSES_FAULT, s_flags.processors);
    char *elsewhere = s_find_elsewhere (s_flags.processors);
    if (elsewhere && !s_flags.curve_dir && !s_flags.is_insecure)
        options_refuse (&s_usage,
            "--processors: '%s' may be another machine, so links to it need keys (--curve-dir DIR, "
            "made with downlink-keygen); --insecure does without",
            elsewhere);
    g_free (elsewhere);
}

const service_t *
gateway_options_read (gateway_config_t *config, int argc, char **argv)
{
    s_service.usage = &s_usage;
    service_read_options (&s_service, argc, argv);
    s_read_listen ();
    s_check_tls ();
    s_check_cors ();
    s_check_links ();
    if (!networks_read (&s_proxies, s_flags.trusted_proxies))
        options_refuse (
            &s_usage, "--trusted-proxies: '%s' " NETWORKS_FAULT, s_flags.trusted_proxies);
    unsigned workers = s_flags.workers ? (unsigned) s_flags.workers : g_get_num_processors () / 2;
    s_service.is_reloading = s_flags.token_file || s_flags.tls_cert || s_flags.curve_dir;
    *config = (gateway_config_t){.workers = MAX (workers, 1),
        .processors = s_flags.processors,
        .token_file = s_flags.token_file,
        .curve_directory = s_flags.curve_dir,
        .connections_per_address = s_flags.connections_per_address,
        .rate = s_flags.rate,
        .proxies = {(unsigned) s_flags.behind_proxy, s_proxies},
        .tls = {s_flags.tls_cert, s_flags.tls_key, s_flags.tls_client_ca}};
    config->worker = (worker_config_t){.address = s_listen.host,
        .port = s_listen.port,
        .publisher = {.buffer = s_flags.buffer,
            .journal = (journal_mode_t) s_flags.journal,
            .journal_directory = s_flags.journal_dir,
            .journal_limit = s_flags.journal_limit},
        .overflow = (overflow_t) s_flags.overflow,
        .wait_ms = s_flags.wait_ms,
        .idle_connections = s_flags.idle_connections,
        .event_streams = s_flags.event_streams,
        .max_body_bytes = s_flags.max_body,
        .browser = {.is_loopback = address_is_loopback (s_listen.host),
            .hosts = s_flags.host,
            .cors = s_flags.cors},
        .webhook = s_flags.webhook_origin,
        .times = s_flags.times};
    char refusal[BUS_REFUSAL_SIZE];
    if (!bus_choose (&s_flags.bus, &config->worker.bus, refusal))
        options_refuse (&s_usage, "%s", refusal);
    s_service.has_secrets = s_service.is_reloading || config->worker.bus.settings;
    return &s_service;
}
