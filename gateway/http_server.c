//  libmicrohttpd runs without threads of its own: the worker waits for http_server_fd and calls
//  http_server_run. A request goes through these steps, each in one callback:
//
//    s_request_line   the raw target is known: the request is made
//    s_handle         first call: the head is there (guarded); then pieces of the body; then all of
//                     it: the handler answers at once, or the connection is suspended
//    http_answer      makes the response; a suspended connection is resumed, and s_handle queues it
//    s_completed      the answer was sent, or the client went away: the request is freed
//
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "gateway/http_connections.h"
#include "gateway/http_guard.h"
#include "gateway/problem.h"

#define BODIES_MIN_BYTES (64ull * 1024 * 1024)  //  all bodies together may always have so much
#define LISTEN_BACKLOG 4096
#define EXPIRE_INTERVAL_MS 50

struct http_server {
    http_config_t config;
    struct MHD_Daemon *daemon;
    int listen_fd;
    http_connections_t connections;
    GQueue held;          //  of http_request_t *, in no order of time
    uint64_t body_bytes;  //  held by all requests together
    uint64_t body_limit;
    size_t unanswered;
    bool is_listening;
    int64_t expire_at_ms;
};

struct http_request {
    http_server_t *server;
    http_connection_t *connection;
    struct MHD_Connection *mhd;
    char *target;
    const char *method;
    char *body;
    size_t body_size;
    size_t body_capacity;
    bool is_head_seen;
    bool is_shown;  //  the handler was called
    bool is_suspended;
    bool is_body_refused;  //  it grew past a limit: the rest is passed over
    http_guard_t guard;
    struct MHD_Response *response;
    unsigned status;
    int64_t deadline_ms;
    http_expired_fn *expired;
    void *expired_context;
    GList held_link;
    void *state;
    void (*free_state) (void *);
};

static void
s_answer_problem (http_request_t *request, unsigned status, const char *name, const char *detail)
{
    problem_answer (request, &(problem_t){.status = status, .name = name, .detail = detail});
}

static void *
s_request_line (void *context, const char *target, struct MHD_Connection *mhd)
{
    http_server_t *self = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    http_request_t *request = g_new0 (http_request_t, 1);
    request->server = self;
    request->mhd = mhd;
    request->connection = info->socket_context;
    request->target = g_strdup (target);
    request->held_link.data = request;
    request->connection->requests++;
    http_connections_enter (&self->connections, request->connection, CONNECTION_HEAD);
    http_guard_target (&request->guard, target);
    self->unanswered++;
    return request;
}

static enum MHD_Result
s_look_at_field (void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
    const char *value, size_t value_size)
{
    (void) kind;
    http_guard_field (context, text_of (name, name_size), text_of (value, value_size));
    return MHD_YES;
}

//  The head is there. Answers at once what must not go on; the connection is then closed.
static void
s_check_head (http_request_t *request, const char *version)
{
    http_server_t *self = request->server;
    MHD_get_connection_values_n (request->mhd, MHD_HEADER_KIND, s_look_at_field, &request->guard);
    const char *fault =
        http_guard_verdict (&request->guard, strcmp (version, MHD_HTTP_VERSION_1_1) == 0);
    if (fault)
        s_answer_problem (request, 400, "bad-request", fault);
    else if (request->guard.content_length > self->config.max_body_bytes)
        s_answer_problem (request, 413, "body-too-large",
            "the body is larger than this gateway takes (--max-body)");
    else if (self->body_bytes + request->guard.content_length > self->body_limit)
        s_answer_problem (request, 503, "busy", "too many large bodies are under way");
    http_connections_enter (&self->connections, request->connection, CONNECTION_BODY);
}

static void
s_free_body (http_request_t *request)
{
    request->server->body_bytes -= request->body_capacity;
    free (request->body);
    request->body = NULL;
    request->body_size = 0;
    request->body_capacity = 0;
}

//  Make room for further bytes of the body. False if a limit does not allow it.
static bool
s_reserve_body (http_request_t *request, size_t size)
{
    http_server_t *self = request->server;
    size_t needed = request->body_size + size;
    if (needed > self->config.max_body_bytes)
        return false;
    if (needed <= request->body_capacity)
        return true;
    size_t capacity = MAX (needed, 2 * request->body_capacity);
    if (request->guard.is_length_known)
        capacity = MAX (needed, (size_t) request->guard.content_length);
    if (self->body_bytes - request->body_capacity + capacity > self->body_limit)
        return false;
    char *body = realloc (request->body, capacity + HTTP_BODY_PADDING);
    g_assert (body);
    memset (body + capacity, 0, HTTP_BODY_PADDING);
    self->body_bytes += capacity - request->body_capacity;
    request->body = body;
    request->body_capacity = capacity;
    return true;
}

static void
s_take_body (http_request_t *request, const char *data, size_t size)
{
    http_connections_progress (&request->server->connections, request->connection, size);
    if (request->is_body_refused)
        return;
    if (s_reserve_body (request, size)) {
        memcpy (request->body + request->body_size, data, size);
        request->body_size += size;
    }
    else {
        request->is_body_refused = true;
        s_free_body (request);
    }
}

//  The request is complete.
static void
s_show (http_request_t *request)
{
    http_server_t *self = request->server;
    request->is_shown = true;
    http_connections_enter (&self->connections, request->connection, CONNECTION_HELD);
    if (request->is_body_refused)
        s_answer_problem (request, 413, "body-too-large",
            "the body is larger than this gateway takes (--max-body)");
    else
        self->config.handler (self->config.context, request);
    if (!request->response)
        g_assert (request->expired);  //  neither answered nor held
}

static enum MHD_Result
s_queue_response (http_request_t *request)
{
    http_server_t *self = request->server;
    http_connections_enter (&self->connections, request->connection, CONNECTION_SENDING);
    enum MHD_Result result = MHD_queue_response (request->mhd, request->status, request->response);
    MHD_destroy_response (request->response);
    request->response = NULL;
    return result;
}

static enum MHD_Result
s_handle (void *context, struct MHD_Connection *mhd, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **request_p)
{
    (void) context;
    (void) mhd;
    (void) url;
    http_request_t *request = *request_p;
    request->method = method;
    if (!request->is_head_seen) {
        request->is_head_seen = true;
        s_check_head (request, version);
        return request->response ? s_queue_response (request) : MHD_YES;
    }
    if (*size) {
        s_take_body (request, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (!request->is_shown)
        s_show (request);
    if (request->response)
        return s_queue_response (request);
    request->is_suspended = true;
    MHD_suspend_connection (mhd);
    return MHD_YES;
}

static void
s_stop_holding (http_request_t *request)
{
    if (request->expired)
        g_queue_unlink (&request->server->held, &request->held_link);
    request->expired = NULL;
}

static void
s_completed (void *context, struct MHD_Connection *mhd, void **request_p,
    enum MHD_RequestTerminationCode code)
{
    (void) mhd;
    (void) code;
    http_server_t *self = context;
    http_request_t *request = *request_p;
    if (!request)
        return;
    s_stop_holding (request);
    s_free_body (request);
    if (request->response)
        MHD_destroy_response (request->response);
    if (request->free_state)
        request->free_state (request->state);
    http_connections_enter (&self->connections, request->connection, CONNECTION_IDLE);
    self->unanswered--;
    g_free (request->target);
    g_free (request);
    *request_p = NULL;
}

static void
s_connection (void *context, struct MHD_Connection *mhd, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
    http_server_t *self = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        *socket_context = http_connections_add (&self->connections, info->connect_fd);
    }
    else if (*socket_context) {
        http_connections_remove (&self->connections, *socket_context);
        *socket_context = NULL;
    }
}

//  A socket that shares its port with the other workers' and listens. -1 with errno set.
static int
s_listen (const http_config_t *config)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons (config->port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons (config->port)};
    bool is_four = inet_pton (AF_INET, config->address, &four.sin_addr) == 1;
    if (!is_four && inet_pton (AF_INET6, config->address, &six.sin6_addr) != 1) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    const struct sockaddr *address =
        is_four ? (const struct sockaddr *) &four : (const struct sockaddr *) &six;
    socklen_t size = is_four ? sizeof four : sizeof six;
    int fd = socket (address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    const int yes = 1;
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    if (bind (fd, address, size) != 0 || listen (fd, LISTEN_BACKLOG) != 0) {
        int error = errno;
        close (fd);
        errno = error;
        return -1;
    }
    return fd;
}

static void
s_log (void *context, const char *format, va_list values)
{
    (void) context;
    char text[512];
    g_vsnprintf (text, sizeof text, format, values);
    log_event (LOG_DEBUG, "libmicrohttpd", "text=%s", g_strchomp (text));
}

http_server_t *
http_server_new (const http_config_t *config)
{
    int fd = s_listen (config);
    if (fd < 0)
        return NULL;
    http_server_t *self = g_new0 (http_server_t, 1);
    self->config = *config;
    self->listen_fd = fd;
    self->is_listening = true;
    self->body_limit = MAX (BODIES_MIN_BYTES, 4 * config->max_body_bytes);
    http_connections_init (&self->connections);
    self->daemon = MHD_start_daemon (MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
        0, NULL, NULL, s_handle, self, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        config->max_connections, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
        s_request_line, self, MHD_OPTION_NOTIFY_COMPLETED, s_completed, self,
        MHD_OPTION_NOTIFY_CONNECTION, s_connection, self, MHD_OPTION_EXTERNAL_LOGGER, s_log, NULL,
        MHD_OPTION_END);
    if (!self->daemon) {
        close (fd);
        g_free (self);
        errno = ENOMEM;
        return NULL;
    }
    return self;
}

void
http_server_stop_listening (http_server_t *self)
{
    if (!self->is_listening)
        return;
    self->is_listening = false;
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
    MHD_stop_daemon (self->daemon);
    g_free (self);
    *self_p = NULL;
}

int
http_server_fd (const http_server_t *self)
{
    return MHD_get_daemon_info (self->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int64_t
http_server_timeout_ms (http_server_t *self)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    int64_t wait_ms = MAX (0, self->expire_at_ms - clock_ms ());
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
    s_expire_held (self, INT64_MAX);
}

//  Look at all deadlines, but not at every turn.
static void
s_expire (http_server_t *self)
{
    int64_t now_ms = clock_ms ();
    if (now_ms < self->expire_at_ms)
        return;
    http_connections_expire (&self->connections, now_ms);
    s_expire_held (self, now_ms);
    self->expire_at_ms = now_ms + EXPIRE_INTERVAL_MS;
}

void
http_server_run (http_server_t *self)
{
    s_expire (self);
    MHD_run (self->daemon);
}

size_t
http_server_unanswered (const http_server_t *self)
{
    return self->unanswered;
}

const char *
http_request_method (const http_request_t *self)
{
    return self->method;
}

const char *
http_request_target (const http_request_t *self)
{
    return self->target;
}

const char *
http_request_field (const http_request_t *self, const char *name)
{
    return MHD_lookup_connection_value (self->mhd, MHD_HEADER_KIND, name);
}

text_t
http_request_body (const http_request_t *self)
{
    return text_of (self->body ? self->body : "", self->body_size);
}

void
http_hold (http_request_t *self, int64_t deadline_ms, http_expired_fn *expired, void *context)
{
    if (!self->expired)
        g_queue_push_tail_link (&self->server->held, &self->held_link);
    self->deadline_ms = deadline_ms;
    self->expired = expired;
    self->expired_context = context;
}

void
http_request_set_state (http_request_t *self, void *state, void (*free_state) (void *))
{
    self->state = state;
    self->free_state = free_state;
}

void *
http_request_state (const http_request_t *self)
{
    return self->state;
}

//  Should this answer close its connection, so that idle ones do not pile up?
static bool
s_is_one_too_many (const http_request_t *request)
{
    const http_server_t *self = request->server;
    return request->connection->requests == 1 &&
           http_connections_idle (&self->connections) > self->config.idle_connections;
}

void
http_answer (http_request_t *self, const http_response_t *response)
{
    g_assert (!self->response);
    s_stop_holding (self);
    self->status = response->status;
    self->response = MHD_create_response_from_buffer (
        response->body.size, (void *) (uintptr_t) response->body.data, MHD_RESPMEM_MUST_COPY);
    g_assert (self->response);
    if (response->content_type)
        MHD_add_response_header (
            self->response, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type);
    for (size_t index = 0; index < HTTP_FIELDS_MAX && response->fields[index].name; index++)
        MHD_add_response_header (
            self->response, response->fields[index].name, response->fields[index].value);
    if (self->server->config.cors)
        MHD_add_response_header (
            self->response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, self->server->config.cors);
    if (s_is_one_too_many (self) || !self->server->is_listening)
        MHD_add_response_header (self->response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (self->is_suspended) {
        self->is_suspended = false;
        MHD_resume_connection (self->mhd);
    }
}
