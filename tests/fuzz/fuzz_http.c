//  Fuzz requests of HTTP as a whole, by a real gateway on loopback: heads, targets, parameters,
//  bodies, and several requests in a row. The first byte chooses the gateway, 't' for the one with
//  tokens, and the second byte where the bytes are cut into packets. There is no processor.
//
//  Every answer is one of HTTP with a status that the gateway has, an error is a problem, and the
//  gateway goes on answering.
//  SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/client/http_client.h"
#include "common/process/clock.h"
#include "gateway/worker.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch.h"

#define PATIENCE_MS 20  //  for the next bytes of an answer
#define ALIVE_MS 10000
#define PORTS_TRIED 20
#define CHECK_EVERY 512  //  inputs
#define TOKEN_LINE                                                                                 \
    "a write,read,stats ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
#define HEAD_BEGIN "HTTP/1.1 "
#define ALIVE "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

//  A gateway with one worker, which runs until the program ends.
typedef struct {
    phase_t phase;
    atomic_uint state_requests;
    proxy_rules_t proxies;
    worker_config_t config;
    discovery_t *discovery;
    worker_t *worker;
    pthread_t thread;
    struct sockaddr_in place;
} gateway_t;

static gateway_t *s_plain;
static gateway_t *s_guarded;

static void *
s_run (void *context)
{
    worker_run (context);
    return NULL;
}

//  Return a port of loopback that is free.
static uint16_t
s_free_port (void)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert (fd >= 0 && bind (fd, (struct sockaddr *) &place, size) == 0);
    g_assert (getsockname (fd, (struct sockaddr *) &place, &size) == 0);
    close (fd);
    return ntohs (place.sin_port);
}

static gateway_t *
s_start (bool has_tokens)
{
    gateway_t *self = g_new0 (gateway_t, 1);
    self->config = (worker_config_t){.state_requests = &self->state_requests,
        .address = "127.0.0.1",
        .bus = {.bus = BUS_ZMQ},
        .publisher = {.buffer = 1000, .journal = JOURNAL_OFF},
        .idle_connections = 64,
        .event_streams = 4,
        .max_body_bytes = 65536,
        .max_connections = 64,
        .browser = {.is_loopback = true, .hosts = "gateway"},
        .proxies = &self->proxies,
        .webhook = "*",
        .times = {.idle_ms = 1000, .head_ms = 1000, .body_ms = 1000},
        .metrics = gateway_metrics_new (1, 1000, 0),
        .state = served_state_new ()};
    if (has_tokens) {
        char *path = scratch_write ("tokens", text_from (TOKEN_LINE));
        self->config.tokens = token_keeper_new (path);
        self->config.rates = rates_new (RATE_MAX);
        self->config.browser.cors = "http://page.example";
        self->proxies.proxies = 1;
        g_free (path);
    }
    self->config.publisher.metrics = gateway_metrics_of (self->config.metrics, 0);
    self->discovery = discovery_new ("127.0.0.1:1", false);
    //  Another program may take a port first.
    for (int turn = 0; !self->worker && turn < PORTS_TRIED; turn++) {
        self->config.port = s_free_port ();
        self->worker = worker_new (&self->config, self->discovery, &self->phase);
    }
    self->place = (struct sockaddr_in){.sin_family = AF_INET,
        .sin_port = htons (self->config.port),
        .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    g_assert (self->worker && pthread_create (&self->thread, NULL, s_run, self->worker) == 0);
    return self;
}

static void
s_stop (gateway_t *self)
{
    phase_enter (&self->phase, GATEWAY_UNREADY);
    phase_enter (&self->phase, GATEWAY_STOPPING);
    pthread_join (self->thread, NULL);
    worker_destroy (&self->worker);
    discovery_destroy (&self->discovery);
    gateway_metrics_destroy (&self->config.metrics);
    served_state_destroy (&self->config.state);
    token_keeper_destroy (&self->config.tokens);
    rates_destroy (&self->config.rates);
    g_free (self);
}

//  czmq waits at the end of a program for sockets that are open.
static void
s_stop_all (void)
{
    s_stop (s_plain);
    s_stop (s_guarded);
}

//  Read an answer until it is complete or the gateway has sent nothing for so long. Then go: what
//  the gateway does about a client that keeps it waiting is up to its deadlines.
static void
s_read (int fd, http_answer_t *answer, int patience_ms)
{
    http_line_t *line = http_line_new (fd, NULL, NULL);
    http_step_t step = HTTP_MORE;
    struct pollfd item = {.fd = fd, .events = POLLIN};
    while (step == HTTP_MORE && poll (&item, 1, patience_ms) == 1)
        step = http_answer_read (answer, line);
    http_line_destroy (&line);
}

//  Send bytes in two packets. Return the beginning of the answers, terminated; the caller frees it.
static GByteArray *
s_send (const gateway_t *gateway, text_t bytes, size_t cut, int patience_ms)
{
    http_answer_t answer = {.buffer = g_byte_array_new ()};
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert (fd >= 0);
    g_assert (connect (fd, (const struct sockaddr *) &gateway->place, sizeof gateway->place) == 0);
    //  The gateway may have closed the connection before it has read all.
    bool is_open = send (fd, bytes.data, cut, MSG_NOSIGNAL) == (ssize_t) cut;
    if (is_open)
        (void) !send (fd, bytes.data + cut, bytes.size - cut, MSG_NOSIGNAL);
    g_assert (fcntl (fd, F_SETFL, O_NONBLOCK) == 0);
    s_read (fd, &answer, patience_ms);
    g_byte_array_append (answer.buffer, (const guint8 *) "", 1);
    return answer.buffer;
}

static bool
s_is_status (guint64 status)
{
    static const unsigned all[] = {100, 200, 202, 204, 304, 400, 401, 403, 404, 405, 408, 413, 414,
        415, 421, 429, 431, 501, 503, 505};
    for (size_t index = 0; index < G_N_ELEMENTS (all); index++)
        if (status == all[index])
            return true;
    return false;
}

//  Look at the head of the first answer.
static void
s_check (const GByteArray *answers)
{
    const char *text = (const char *) answers->data;
    if (*text == '\0')
        return;
    if (strlen (text) < sizeof HEAD_BEGIN + 3)
        return;  //  the rest is late
    g_assert (g_str_has_prefix (text, HEAD_BEGIN));
    guint64 status = g_ascii_strtoull (text + sizeof HEAD_BEGIN - 1, NULL, 10);
    g_assert (s_is_status (status));
    const char *end = strstr (text, "\r\n\r\n");
    if (!end)
        return;  //  the rest is late
    //  libmicrohttpd itself answers some broken requests, and closes.
    char *head = g_strndup (text, (gsize) (end - text));
    bool is_ours = strstr (head, "application/problem+json") ||
                   strstr (head, "Content-Length: 0") || strstr (head, "Connection: close");
    g_assert (status < 400 || is_ours);
    g_free (head);
}

static void
s_check_alive (const gateway_t *gateway)
{
    bool is_alive = false;
    int64_t until_ms = clock_ms () + ALIVE_MS;
    while (!is_alive && clock_ms () < until_ms) {
        GByteArray *answers = s_send (gateway, text_from (ALIVE), 0, ALIVE_MS);
        is_alive = g_str_has_prefix ((const char *) answers->data, "HTTP/1.1 200 ");
        g_byte_array_unref (answers);
    }
    g_assert (is_alive);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static unsigned count;
    if (!s_plain) {
        s_plain = s_start (false);
        s_guarded = s_start (true);
        atexit (s_stop_all);
    }
    input_t input = {data, size};
    const gateway_t *gateway = input_byte (&input) == 't' ? s_guarded : s_plain;
    size_t cut = input_byte (&input);
    text_t bytes = input_rest (&input);
    GByteArray *answers = s_send (gateway, bytes, MIN (cut, bytes.size), PATIENCE_MS);
    s_check (answers);
    g_byte_array_unref (answers);
    if (++count % CHECK_EVERY == 1)
        s_check_alive (gateway);
    return 0;
}
