//  SPDX-License-Identifier: Apache-2.0
#include "common/rabbitmq/rabbitmq_connection.h"

#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define CONNECT_S 3
#define ANSWER_S 10
#define CLOSE_US 300000
#define FRAME_BYTES 131072
//  The delivery limit of a queue. RabbitMQ 4 throws a message away after 20 deliveries by default,
//  but a message may come back more often while a database is away.
#define DELIVERIES_MAX 2147483647

bool
rabbitmq_connection_fail (rabbitmq_connection_t *self, const char *what, int status)
{
    g_snprintf (self->reason, sizeof self->reason, "%s: %s", what, amqp_error_string2 (status));
    return false;
}

//  Write the words of the broker about an error.
static void
s_write_words (rabbitmq_connection_t *self, const char *what, uint16_t code, amqp_bytes_t words)
{
    g_snprintf (self->reason, sizeof self->reason, "%s: %u %.*s", what, code, (int) words.len,
        (const char *) words.bytes);
}

//  Return true for a code that the same request would get again.
static bool
s_is_refusal (uint16_t code)
{
    return code == AMQP_ACCESS_REFUSED || code == AMQP_PRECONDITION_FAILED ||
           code == AMQP_NOT_ALLOWED || code == AMQP_RESOURCE_LOCKED;
}

static bool
s_take_method (rabbitmq_connection_t *self, const char *what, const amqp_method_t *method)
{
    if (method->id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *close = method->decoded;
        s_write_words (self, what, close->reply_code, close->reply_text);
        self->is_refused = s_is_refusal (close->reply_code);
    }
    else if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *close = method->decoded;
        s_write_words (self, what, close->reply_code, close->reply_text);
        self->is_refused = s_is_refusal (close->reply_code);
    }
    else
        g_snprintf (self->reason, sizeof self->reason, "%s: an answer of another kind", what);
    return false;
}

bool
rabbitmq_connection_check (rabbitmq_connection_t *self, const char *what, amqp_rpc_reply_t reply)
{
    if (reply.reply_type == AMQP_RESPONSE_NORMAL)
        return true;
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION)
        return s_take_method (self, what, &reply.reply);
    return rabbitmq_connection_fail (self, what, reply.library_error);
}

bool
rabbitmq_connection_check_last (rabbitmq_connection_t *self, const char *what)
{
    return rabbitmq_connection_check (self, what, amqp_get_rpc_reply (self->state));
}

bool
rabbitmq_connection_take_close (rabbitmq_connection_t *self, const amqp_frame_t *frame)
{
    return s_take_method (self, "the broker has ended it", &frame->payload.method);
}

//  Prepare TLS. Return the socket, or NULL.
static amqp_socket_t *
s_new_tls (rabbitmq_connection_t *self, const rabbitmq_settings_t *settings)
{
    amqp_socket_t *socket = amqp_ssl_socket_new (self->state);
    int status = socket ? AMQP_STATUS_OK : AMQP_STATUS_NO_MEMORY;
    if (socket)
        amqp_ssl_socket_set_verify_peer (socket, settings->is_verifying);
    if (socket)
        amqp_ssl_socket_set_verify_hostname (socket, settings->is_verifying);
    if (status == AMQP_STATUS_OK)
        status = amqp_ssl_socket_set_ssl_versions (socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
    if (status == AMQP_STATUS_OK && settings->ca)
        status = amqp_ssl_socket_set_cacert (socket, settings->ca);
    if (status == AMQP_STATUS_OK && settings->cert)
        status = amqp_ssl_socket_set_key (socket, settings->cert, settings->key);
    if (status == AMQP_STATUS_OK)
        return socket;
    rabbitmq_connection_fail (self, "TLS", status);
    return NULL;
}

//  Let the kernel notice a peer that is gone, as a write waits for it.
static void
s_watch_socket (const rabbitmq_connection_t *self, int heartbeat_s)
{
    int fd = amqp_get_sockfd (self->state);
    int on = 1;
    unsigned timeout_ms = 2000u * (unsigned) heartbeat_s;
    (void) setsockopt (fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void) setsockopt (fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

static bool
s_connect (
    rabbitmq_connection_t *self, const rabbitmq_settings_t *settings, const rabbitmq_url_t *url)
{
    struct timeval connect = {.tv_sec = CONNECT_S};
    struct timeval answer = {.tv_sec = ANSWER_S};
    amqp_socket_t *socket =
        url->has_tls ? s_new_tls (self, settings) : amqp_tcp_socket_new (self->state);
    if (!socket)
        return false;
    amqp_set_handshake_timeout (self->state, &connect);
    amqp_set_rpc_timeout (self->state, &answer);
    int status = amqp_socket_open_noblock (socket, url->host, url->port, &connect);
    if (status != AMQP_STATUS_OK)
        return rabbitmq_connection_fail (self, "connecting", status);
    s_watch_socket (self, settings->heartbeat_s);
    return true;
}

//  Log in. We ask the broker to say when it takes no messages.
static bool
s_log_in (
    rabbitmq_connection_t *self, const rabbitmq_settings_t *settings, const rabbitmq_url_t *url)
{
    amqp_table_entry_t capabilities[] = {{amqp_cstring_bytes ("connection.blocked"),
                                             {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}},
        {amqp_cstring_bytes ("consumer_cancel_notify"),
            {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}}};
    amqp_table_entry_t properties[] = {
        {amqp_cstring_bytes ("product"),
            {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes ("downlink")}},
        {amqp_cstring_bytes ("capabilities"),
            {.kind = AMQP_FIELD_KIND_TABLE,
                .value.table = {G_N_ELEMENTS (capabilities), capabilities}}}};
    amqp_table_t table = {G_N_ELEMENTS (properties), properties};
    amqp_rpc_reply_t reply =
        amqp_login_with_properties (self->state, url->vhost, AMQP_DEFAULT_MAX_CHANNELS, FRAME_BYTES,
            settings->heartbeat_s, &table, AMQP_SASL_METHOD_PLAIN, url->user, url->password);
    self->heartbeat_s = MAX (1, amqp_get_heartbeat (self->state));
    return rabbitmq_connection_check (self, "logging in", reply);
}

bool
rabbitmq_connection_open (
    rabbitmq_connection_t *self, const rabbitmq_settings_t *settings, const rabbitmq_url_t *url)
{
    self->state = amqp_new_connection ();
    if (!self->state)
        return rabbitmq_connection_fail (self, "connecting", AMQP_STATUS_NO_MEMORY);
    return s_connect (self, settings, url) && s_log_in (self, settings, url);
}

void
rabbitmq_connection_close (rabbitmq_connection_t *self, bool is_polite)
{
    struct timeval most = {.tv_usec = CLOSE_US};
    if (!self->state)
        return;
    if (is_polite) {
        amqp_set_rpc_timeout (self->state, &most);
        (void) amqp_connection_close (self->state, AMQP_REPLY_SUCCESS);
    }
    (void) amqp_destroy_connection (self->state);
    *self = (rabbitmq_connection_t){0};
}

void
rabbitmq_queue_name (char name[RABBITMQ_QUEUE_NAME_SIZE], const char *topic, uint32_t partition)
{
    g_snprintf (name, RABBITMQ_QUEUE_NAME_SIZE, "%s.%u", topic, partition);
}

bool
rabbitmq_queue_make (rabbitmq_connection_t *self, amqp_channel_t channel, const char *name)
{
    amqp_table_entry_t arguments[] = {
        {amqp_cstring_bytes ("x-queue-type"),
            {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes ("quorum")}},
        {amqp_cstring_bytes ("x-delivery-limit"),
            {.kind = AMQP_FIELD_KIND_I32, .value.i32 = DELIVERIES_MAX}}};
    amqp_table_t table = {G_N_ELEMENTS (arguments), arguments};
    (void) amqp_queue_declare (self->state, channel, amqp_cstring_bytes (name), 0, 1, 0, 0, table);
    return rabbitmq_connection_check_last (self, name);
}

bool
rabbitmq_queue_depth (
    rabbitmq_connection_t *self, amqp_channel_t channel, const char *name, uint32_t *depth)
{
    const amqp_queue_declare_ok_t *queue = amqp_queue_declare (
        self->state, channel, amqp_cstring_bytes (name), 1, 0, 0, 0, amqp_empty_table);
    if (!queue)
        return rabbitmq_connection_check_last (self, name);
    *depth = queue->message_count;
    return true;
}
