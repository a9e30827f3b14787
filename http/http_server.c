//  libmicrohttpd runs without threads of its own, in http_server_run, and calls back:
//
//    s_request_line   with the raw target: make the request
//    s_handle         with the head: check it (http_head); with bytes of the body: gather them, or
//                     pass on pieces (http_pieces); with nothing: pass the request to its handler,
//                     and queue the answer when there is one (http_answer.c)
//    s_completed      after the answer, or when the client has left: free the request
//
//  Each run looks at a newly held request: most are held for one commit, and a look costs much less
//  than suspending and resuming, which take the connection out of the epoll set and put it back.
//  The server suspends a request that is held longer, or beside many others.
//
//  SPDX-License-Identifier: Apache-2.0
#include "http/http_server.h"

#include <microhttpd.h>
#include <unistd.h>

#include "common/process/clock.h"
#include "common/process/log.h"
#include "http/answers.h"
#include "http/connection/listener.h"
#include "http/http_accept.h"
#include "http/http_errors.h"
#include "http/http_head.h"
#include "http/http_pieces.h"
#include "http/http_secure.h"
#include "http/rules/http_limits.h"

#define BODIES_BYTES (64ull * 1024 * 1024)  //  least limit of all bodies of a pool together
#define EXPIRE_INTERVAL_MS 50

//  libmicrohttpd 1.0 reads heads and chunks strictly itself. For earlier versions http_head.c
//  checks the lines of the head, and http_answer.c ends a connection with its first chunked
//  request.
#if MHD_VERSION >= 0x01000000
#define STRICTNESS MHD_OPTION_CLIENT_DISCIPLINE_LVL, 3
#else
#define STRICTNESS MHD_OPTION_STRICT_FOR_CLIENT, 0
#endif

#define LINGERING_MS 5   //  between two reads from lingering connections
#define WATCHED_MAX 256  //  held requests that every run looks at
#define WATCHED_MS 20    //  longest time to look at one of them

static void *
s_request_line (void *context, const char *target, struct MHD_Connection *mhd)
{
    http_server_t *self = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    http_request_t *request = http_request_new (self, text_from (target));
    request->mhd = mhd;
    request->connection = info->socket_context;
    request->connection->requests++;
    request->connection->request = request;
    http_head_keep_unparsed (target, mhd);
    http_connections_enter (&self->connections, request->connection, CONNECTION_HEAD);
    http_guard_target (&request->guard, request->target);
    return request;
}

//  Answer straight to the socket, on a connection that is about to close.
static void
s_part (void *context, http_connection_t *connection, http_parting_t parting)
{
    const http_config_t *config = &((http_server_t *) context)->config;
    const char *detail =
        parting == PARTING_BODY_TOO_LARGE ? config->body_too_large : http_parting_detail (parting);
    http_request_t *request = connection->request;
    if (connection->phase == CONNECTION_PARTED)
        return;
    if (request && config->answered)
        config->answered (config->context, request, http_parting_status (parting),
            http_parting_name (parting), 0);
    http_parting_send (parting, detail, &connection->wire);
    connection->is_lingering = true;
}

//  Answer straight to the socket, and mark the connection: the caller closes it.
static void
s_end (http_request_t *request, http_parting_t parting)
{
    s_part (request->server, request->connection, parting);
    http_connections_enter (&request->server->connections, request->connection, CONNECTION_PARTED);
}

//  Refuse the body, and ignore the rest of it. s_show answers afterwards.
static void
s_refuse_body (http_request_t *request, body_result_t result)
{
    bool was_paused = request->phase == REQUEST_PAUSED;
    request->body_result = result;
    http_request_enter (request, REQUEST_SKIPPED);
    http_body_free (&request->body, &request->server->bodies);
    http_request_clear_state (request);
    if (was_paused)
        http_request_read_on (request);
}

static body_result_t
s_add_to_body (http_request_t *request, text_t bytes)
{
    const http_guard_t *guard = &request->guard;
    if (http_pieces_are_due (request, request->body.size + bytes.size))
        return http_pieces_take (request, bytes);
    size_t expected = guard->is_length_known ? (size_t) guard->content_length : 0;
    return http_body_add (&request->body, &request->server->bodies, bytes, expected);
}

static void
s_take_body (http_request_t *request, const char *data, size_t size)
{
    const http_guard_t *guard = &request->guard;
    http_connections_progress (&request->server->connections, request->connection, size);
    if (request->phase == REQUEST_SKIPPED) {
        request->passed_over += size;
        return;
    }
    //  More of the body may have arrived already.
    request->server->is_due |=
        !guard->is_length_known || request->body.size + size < guard->content_length;
    body_result_t result = s_add_to_body (request, text_of (data, size));
    if (result != BODY_TAKEN)
        s_refuse_body (request, result);
}

//  Return true if the server may ignore more of a refused body. Otherwise answer before its end.
static bool
s_has_patience (http_request_t *request)
{
    if (request->passed_over <= HTTP_LINGER_BYTES)
        return true;
    s_end (request, request->body_result == BODY_NO_ROOM ? PARTING_BUSY : PARTING_BODY_TOO_LARGE);
    return false;
}

//  Hand a complete request to the handler, or answer that its body is refused.
static void
s_show (http_request_t *request)
{
    http_server_t *self = request->server;
    http_request_enter (request, REQUEST_SHOWN);
    request->shown_us = clock_us ();
    http_connections_enter (&self->connections, request->connection, CONNECTION_HELD);
    switch (request->body_result) {
    case BODY_TAKEN:
        self->config.handler (self->config.context, request);
        break;
    case BODY_TOO_LARGE:
        answer_problem (request, 413, "body-too-large", self->config.body_too_large);
        break;
    case BODY_NO_ROOM:
        answer_problem (request, 503, "busy", http_parting_detail (PARTING_BUSY));
        break;
    case BODY_LINE_TOO_LONG:
        answer_problem (request, 413, "line-too-long",
            "a line of the body is longer than " G_STRINGIFY (HTTP_LINE_MAX_BYTES) " bytes");
        break;
    }
    g_assert (request->phase != REQUEST_SHOWN);  //  a handler must answer or hold
}

static enum MHD_Result
s_queue_response (http_request_t *request)
{
    http_server_t *self = request->server;
    http_connections_enter (&self->connections, request->connection,
        request->read ? CONNECTION_STREAM : CONNECTION_SENDING);
    self->is_due = true;
    const answer_t *answer = request->answer;
    enum MHD_Result result = MHD_queue_response (request->mhd, answer->status, answer->response);
    answer_unref (&request->answer);
    return result;
}

//  Leave a held request to later runs.
static void
s_leave (http_request_t *request)
{
    http_server_t *self = request->server;
    bool is_short = self->connections.now_ms - request->shown_us / 1000 < WATCHED_MS;
    if (is_short && (request->is_watched || self->watched < WATCHED_MAX)) {
        self->watched += !request->is_watched;
        request->is_watched = true;
        return;
    }
    http_request_stop_watching (request);
    http_request_suspend (request);
}

static enum MHD_Result
s_take_head (http_request_t *request, const char *target, const char *version)
{
    if (!http_head_check (request, target, version)) {
        s_end (request, PARTING_HEAD_TOO_LARGE);
        return MHD_NO;
    }
    request->connection->is_lingering = request->answer != NULL;
    return request->answer ? s_queue_response (request) : MHD_YES;
}

static enum MHD_Result
s_handle (void *context, struct MHD_Connection *mhd, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **request_p)
{
    (void) context;
    (void) mhd;
    http_request_t *request = *request_p;
    request->method = method;
    if (request->connection->phase == CONNECTION_PARTED)
        return MHD_NO;
    if (request->phase == REQUEST_LINE)
        return s_take_head (request, url, version);
    if (*size) {
        s_take_body (request, data, *size);
        *size = 0;
        return s_has_patience (request) ? MHD_YES : MHD_NO;
    }
    if (request->phase < REQUEST_SHOWN)
        s_show (request);
    if (request->connection->phase == CONNECTION_PARTED)
        return MHD_NO;
    if (request->answer)
        return s_queue_response (request);
    s_leave (request);
    return MHD_YES;
}

static void
s_completed (void *context, struct MHD_Connection *mhd, void **request_p,
    enum MHD_RequestTerminationCode code)
{
    (void) mhd;
    http_server_t *self = context;
    http_request_t *request = *request_p;
    if (!request)
        return;
    bool is_half = http_connection_is_asking (request->connection);
    if (is_half && code == MHD_REQUEST_TERMINATED_CLIENT_ABORT)
        s_part (self, request->connection, PARTING_CUT_OFF);
    request->connection->is_lingering |= is_half && code == MHD_REQUEST_TERMINATED_WITH_ERROR;
    request->connection->request = NULL;
    http_unread_sent (&self->unread, &request->unread);
    http_connections_enter (&self->connections, request->connection, CONNECTION_IDLE);
    *request_p = NULL;
    if (!http_phase_is_held (request->phase)) {
        http_request_free (request);
        return;
    }
    //  The handler answers the request or goes on with it; both free it.
    http_request_enter (request, REQUEST_GONE);
    request->mhd = NULL;
    request->connection = NULL;
    request->expired (request->expired_context, request);
}

//  libmicrohttpd drops a connection without calling s_completed if even its refusal does not fit
//  into the memory of the connection. Answer and free the request.
static void
s_give_up (http_server_t *self, struct MHD_Connection *mhd, http_connection_t *connection)
{
    void *request = connection->request;
    if (http_connection_is_asking (connection))
        s_part (self, connection, PARTING_MALFORMED);
    s_completed (self, mhd, &request, MHD_REQUEST_TERMINATED_WITH_ERROR);
}

static void
s_closed (http_server_t *self, struct MHD_Connection *mhd, http_connection_t *connection)
{
    if (connection->request)
        s_give_up (self, mhd, connection);
    if (connection->is_lingering)
        http_lingering_add (&self->lingering, connection->wire.fd, self->connections.now_ms);
    http_secure_closed (self, connection);
    http_crowds_leave (self->config.crowds, &connection->peer);
    http_connections_remove (&self->connections, connection);
}

static void
s_connection (void *context, struct MHD_Connection *mhd, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
    http_server_t *self = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        http_connection_t *connection = http_connections_add (&self->connections, fd);
        http_crowds_enter (self->config.crowds, &connection->peer);
        http_secure_accept (self, mhd, connection);
        *socket_context = connection;
    }
    else if (*socket_context) {
        s_closed (self, mhd, *socket_context);
        *socket_context = NULL;
    }
}

//  Keep the library from decoding its copy of the target: s_request_line gets the raw target.
static size_t
s_leave_escaped (void *context, struct MHD_Connection *mhd, char *text)
{
    (void) context;
    (void) mhd;
    return strlen (text);
}

static void
s_log (void *context, const char *format, va_list values)
{
    http_server_t *self = context;
    http_parting_t parting = PARTING_MALFORMED;
    unsigned status = http_errors_status (format, values);
    http_connection_t *connection = status ? http_errors_find (self, status, &parting) : NULL;
    if (connection) {
        s_part (self, connection, parting);
        http_connections_enter (&self->connections, connection, CONNECTION_PARTED);
    }
    char text[512];
    g_vsnprintf (text, sizeof text, format, values);
    log_event (LOG_DEBUG, "libmicrohttpd", "text=%s", g_strchomp (text));
}

static int
s_library_fd (const http_server_t *self)
{
    return MHD_get_daemon_info (self->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

http_server_t *
http_server_new (const http_config_t *config)
{
    int fd = listener_open (config->address, config->port);
    if (fd < 0)
        return NULL;
    http_server_t *self = g_new0 (http_server_t, 1);
    self->config = *config;
    self->is_listening = true;
    http_bodies_init (&self->bodies, config->max_body_bytes, BODIES_BYTES);
    http_connections_init (
        &self->connections, config->max_connections, &config->times, s_part, self);
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    flags |= config->tls ? MHD_USE_TLS : 0;
    //  The guard is stricter than the library, and answers a missing Host or a space in the target.
    if (http_secure_begin (self))
        self->daemon = MHD_start_daemon (flags, 0, http_accept, self, s_handle, self,
            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, config->max_connections,
            STRICTNESS, MHD_OPTION_URI_LOG_CALLBACK, s_request_line, self,
            MHD_OPTION_NOTIFY_COMPLETED, s_completed, self, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
            (size_t) HTTP_CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION, s_connection, self,
            MHD_OPTION_UNESCAPE_CALLBACK, s_leave_escaped, NULL, MHD_OPTION_EXTERNAL_LOGGER, s_log,
            self, config->tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, tls_wire_priorities,
            MHD_OPTION_HTTPS_CERT_CALLBACK2, http_secure_no_certificate, MHD_OPTION_END);
    if (!self->daemon) {
        log_event (
            LOG_ERROR, "cannot start the HTTP server", "connections=%u", config->max_connections);
        close (fd);
        tls_gate_destroy (&self->gate);
        http_bodies_clear (&self->bodies);
        g_free (self);
        return NULL;
    }
    if (self->gate)
        tls_gate_watch (self->gate, s_library_fd (self));
    return self;
}

void
http_server_stop_listening (http_server_t *self)
{
    if (!self->is_listening)
        return;
    self->is_listening = false;
    self->connections.now_ms = clock_ms ();
    http_connections_stop (&self->connections);
    int fd = MHD_quiesce_daemon (self->daemon);
    if (fd >= 0)
        close (fd);
}

void
http_server_destroy (http_server_t **self_p)
{
    http_server_t *self = *self_p;
    if (!self)
        return;
    http_secure_end (self);
    MHD_stop_daemon (self->daemon);
    tls_gate_destroy (&self->gate);
    http_lingering_clear (&self->lingering);
    answer_unref (&self->last);
    http_unread_clear (&self->unread);
    http_bodies_clear (&self->bodies);
    spares_clear (&self->requests);
    g_free (self);
    *self_p = NULL;
}

int
http_server_fd (const http_server_t *self)
{
    return self->gate ? tls_gate_fd (self->gate) : s_library_fd (self);
}

int64_t
http_server_timeout_ms (http_server_t *self)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    if (self->is_due)
        return 0;
    int64_t wait_ms = MAX (0, self->expire_at_ms - clock_ms ());
    if (self->lingering.queue.head)
        wait_ms = MIN (wait_ms, LINGERING_MS);
    //  While requests are watched the library asks for a run without a pause.
    if (self->watched > 0)
        return MIN (wait_ms, WATCHED_MS);
    if (MHD_get_timeout (self->daemon, &timeout_ms) == MHD_YES)
        wait_ms = MIN (wait_ms, (int64_t) timeout_ms);
    return wait_ms;
}

static void
s_expire_held (http_server_t *self, int64_t now_ms)
{
    for (GList *link = self->held.head; link;) {
        http_request_t *request = link->data;
        link = link->next;
        if (request->deadline_ms <= now_ms)
            request->expired (request->expired_context, request);
    }
}

void
http_server_expire_all (http_server_t *self)
{
    //  A request whose body goes on may be held again, for its next piece.
    while (self->held.head)
        s_expire_held (self, INT64_MAX);
}

//  Look at all deadlines, once in EXPIRE_INTERVAL_MS.
static void
s_expire (http_server_t *self)
{
    if (self->connections.now_ms < self->expire_at_ms)
        return;
    http_connections_look (&self->connections);
    http_unread_look (&self->unread, self->connections.now_ms);
    http_connections_expire (&self->connections);
    s_expire_held (self, self->connections.now_ms);
    self->expire_at_ms = self->connections.now_ms + EXPIRE_INTERVAL_MS;
}

void
http_server_run (http_server_t *self)
{
    self->connections.now_ms = clock_ms ();
    self->is_due = false;
    if (http_date_set (&self->date, time (NULL)))
        answer_unref (&self->last);
    s_expire (self);
    if (!self->gate)
        http_connections_greet (&self->connections);
    http_secure_run (self);
    self->is_due |= http_lingering_run (&self->lingering, self->connections.now_ms);
}

size_t
http_server_unanswered (const http_server_t *self)
{
    return self->unanswered;
}

http_usage_t
http_server_usage (const http_server_t *self)
{
    http_usage_t usage = {.open = http_connections_open (&self->connections),
        .idle = http_connections_idle (&self->connections),
        .timeouts = self->connections.timeouts,
        .crowded = self->crowded.count,
        .tls_open = self->tls_counts.open,
        .tls_agreed = self->tls_counts.agreed,
        .tls_hellos = self->connections.hellos};
    memcpy (usage.tls_failed, self->tls_counts.failed, sizeof usage.tls_failed);
    return usage;
}
