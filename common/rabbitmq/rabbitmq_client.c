//  SPDX-License-Identifier: Apache-2.0
#include "common/rabbitmq/rabbitmq_client.h"

#include <glib.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/process/clock.h"
#include "common/process/thread.h"

#define PAUSE_MIN_MS 50
#define PAUSE_MAX_MS 1000
#define FRAMES_PER_TURN 1024
#define POLITE_MS 2000    //  for the thread to end its work
#define IMPOLITE_MS 4000  //  once its socket is shut

struct rabbitmq_client {
    const rabbitmq_settings_t *settings;
    const rabbitmq_calls_t *calls;
    void *context;
    pthread_t thread;
    int wake_fd;
    atomic_bool is_ending;
    pthread_mutex_t mutex;             //  of the next one
    int socket_fd;                     //  -1: none
    rabbitmq_connection_t connection;  //  this and the rest is for the thread
    size_t next_url;
    int pause_ms;
    int64_t beat_at_ms;  //  of a connection that is not read
};

static void
s_set_socket (rabbitmq_client_t *self, int fd)
{
    pthread_mutex_lock (&self->mutex);
    self->socket_fd = fd;
    pthread_mutex_unlock (&self->mutex);
}

//  Take a method of the connection itself.
static bool
s_take_own (rabbitmq_connection_t *connection, const amqp_frame_t *frame)
{
    const amqp_connection_blocked_t *blocked = frame->payload.method.decoded;
    switch (frame->payload.method.id) {
    case AMQP_CONNECTION_BLOCKED_METHOD:
        connection->is_blocked = true;
        g_snprintf (connection->reason, sizeof connection->reason,
            "the broker takes no messages: %.*s", (int) blocked->reason.len,
            (const char *) blocked->reason.bytes);
        return true;
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
        connection->is_blocked = false;
        connection->reason[0] = 0;
        return true;
    case AMQP_CONNECTION_CLOSE_METHOD:
        return rabbitmq_connection_take_close (connection, frame);
    default:
        return true;
    }
}

static bool
s_take (rabbitmq_client_t *self, amqp_frame_t *frame)
{
    rabbitmq_connection_t *connection = &self->connection;
    if (frame->frame_type != AMQP_FRAME_METHOD)
        return true;
    if (frame->channel == 0)
        return s_take_own (connection, frame);
    if (frame->payload.method.id == AMQP_CHANNEL_CLOSE_METHOD)
        return rabbitmq_connection_take_close (connection, frame);
    return self->calls->take (self->context, connection, frame);
}

//  Take the frames that came. *has_more: perhaps not all.
static bool
s_take_frames (rabbitmq_client_t *self, bool *has_more)
{
    static const struct timeval none = {0};
    rabbitmq_connection_t *connection = &self->connection;
    bool has_room = !connection->has_no_room;
    for (int count = 0; has_room && count < FRAMES_PER_TURN; count++) {
        amqp_frame_t frame;
        int status = amqp_simple_wait_frame_noblock (connection->state, &frame, &none);
        if (status == AMQP_STATUS_TIMEOUT) {
            *has_more = false;
            return true;
        }
        if (status != AMQP_STATUS_OK)
            return rabbitmq_connection_fail (connection, "reading", status);
        if (!s_take (self, &frame))
            return false;
        amqp_maybe_release_buffers (connection->state);
        has_room = !connection->has_no_room;
        *has_more = true;
    }
    return true;
}

//  Send a heartbeat if one is due: rabbitmq-c sends heartbeats only while it reads.
static bool
s_beat (rabbitmq_client_t *self)
{
    int64_t now_ms = clock_ms ();
    if (now_ms < self->beat_at_ms)
        return true;
    self->beat_at_ms = now_ms + 500 * self->connection.heartbeat_s;
    amqp_frame_t beat = {.frame_type = AMQP_FRAME_HEARTBEAT};
    int status = amqp_send_frame (self->connection.state, &beat);
    return status == AMQP_STATUS_OK ||
           rabbitmq_connection_fail (&self->connection, "writing", status);
}

static void
s_wait (rabbitmq_client_t *self, int fd, int timeout_ms)
{
    struct pollfd items[] = {{.fd = self->wake_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    eventfd_t rung;
    if (poll (items, G_N_ELEMENTS (items), timeout_ms) > 0 && items[0].revents)
        (void) eventfd_read (self->wake_fd, &rung);
}

static void
s_serve (rabbitmq_client_t *self)
{
    rabbitmq_connection_t *connection = &self->connection;
    while (!atomic_load (&self->is_ending)) {
        int timeout_ms = INT_MAX;
        bool has_more = false;
        if (!self->calls->run (self->context, connection, &timeout_ms) ||
            !s_take_frames (self, &has_more))
            return;
        if (connection->has_no_room && !s_beat (self))
            return;
        int beat_ms = 500 * connection->heartbeat_s;
        int fd = connection->has_no_room ? -1 : amqp_get_sockfd (connection->state);
        bool is_busy =
            has_more || (!connection->has_no_room && (amqp_frames_enqueued (connection->state) ||
                                                         amqp_data_in_buffer (connection->state)));
        if (!is_busy && timeout_ms > 0)
            s_wait (self, fd, MIN (timeout_ms, beat_ms));
    }
}

//  Connect, and use the connection as long as it is good.
static void
s_live (rabbitmq_client_t *self)
{
    rabbitmq_connection_t *connection = &self->connection;
    const rabbitmq_url_t *url = &self->settings->urls[self->next_url];
    bool good = rabbitmq_connection_open (connection, self->settings, url);
    if (good) {
        s_set_socket (self, amqp_get_sockfd (connection->state));
        good = self->calls->begin (self->context, connection);
    }
    if (good) {
        self->pause_ms = PAUSE_MIN_MS;
        s_serve (self);
    }
    else
        self->next_url = (self->next_url + 1) % self->settings->urls_count;
    self->calls->end (self->context, connection);
    s_set_socket (self, -1);
    rabbitmq_connection_close (connection, good && !*connection->reason);
}

static void *
s_run (void *data)
{
    rabbitmq_client_t *self = data;
    self->pause_ms = PAUSE_MIN_MS;
    while (!atomic_load (&self->is_ending)) {
        s_live (self);
        int64_t until_ms = clock_ms () + self->pause_ms;
        self->pause_ms = MIN (2 * self->pause_ms, PAUSE_MAX_MS);
        for (int64_t left_ms;
             !atomic_load (&self->is_ending) && (left_ms = until_ms - clock_ms ()) > 0;)
            s_wait (self, -1, (int) left_ms);
    }
    return NULL;
}

static void
s_free (rabbitmq_client_t **self_p)
{
    rabbitmq_client_t *self = g_steal_pointer (self_p);
    pthread_mutex_destroy (&self->mutex);
    close (self->wake_fd);
    g_free (self);
}

rabbitmq_client_t *
rabbitmq_client_new (
    const rabbitmq_settings_t *settings, const rabbitmq_calls_t *calls, void *context)
{
    rabbitmq_client_t *self = g_new0 (rabbitmq_client_t, 1);
    self->settings = settings;
    self->calls = calls;
    self->context = context;
    self->socket_fd = -1;
    self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_assert (self->wake_fd >= 0);
    pthread_mutex_init (&self->mutex, NULL);
    if (!thread_start (&self->thread, "rabbitmq", s_run, self))
        s_free (&self);
    return self;
}

void
rabbitmq_client_wake (rabbitmq_client_t *self)
{
    (void) eventfd_write (self->wake_fd, 1);
}

//  Wait for the end of the thread.
static bool
s_join (rabbitmq_client_t *self, int64_t ms)
{
    struct timespec until;
    clock_gettime (CLOCK_REALTIME, &until);
    int64_t end_ns = until.tv_nsec + ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + end_ns / 1000000000;
    until.tv_nsec = end_ns % 1000000000;
    return pthread_timedjoin_np (self->thread, NULL, &until) == 0;
}

//  End the waiting of the thread on its socket.
static void
s_shut_socket (rabbitmq_client_t *self)
{
    pthread_mutex_lock (&self->mutex);
    if (self->socket_fd >= 0)
        (void) shutdown (self->socket_fd, SHUT_RDWR);
    pthread_mutex_unlock (&self->mutex);
}

bool
rabbitmq_client_end (rabbitmq_client_t **self_p)
{
    rabbitmq_client_t *self = g_steal_pointer (self_p);
    atomic_store (&self->is_ending, true);
    rabbitmq_client_wake (self);
    bool has_ended = s_join (self, POLITE_MS);
    if (!has_ended) {
        s_shut_socket (self);
        has_ended = s_join (self, IMPOLITE_MS);
    }
    if (!has_ended) {
        pthread_detach (self->thread);
        return false;
    }
    s_free (&self);
    return true;
}
