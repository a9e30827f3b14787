//  SPDX-License-Identifier: Apache-2.0
#include "common/network/look_up.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>

#include "common/process/clock.h"
#include "common/process/thread.h"

struct look_up {
    char *host;
    char port[8];
    atomic_int references;  //  of the caller and the thread
    pthread_mutex_t mutex;
    pthread_cond_t done;
    bool is_done;            //  the mutex guards it and the next two
    int result;              //  of getaddrinfo
    bool has_no_thread;      //  none could be started; for the caller only
    struct addrinfo *found;  //  NULL once the caller has it
};

static void
s_unref (look_up_t *self)
{
    if (atomic_fetch_sub (&self->references, 1) > 1)
        return;
    if (self->found)
        freeaddrinfo (self->found);
    pthread_mutex_destroy (&self->mutex);
    pthread_cond_destroy (&self->done);
    g_free (self->host);
    g_free (self);
}

static void *
s_run (void *data)
{
    look_up_t *self = data;
    struct addrinfo hints = {
        .ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int result = getaddrinfo (self->host, self->port, &hints, &found);
    hints.ai_family = AF_INET6;
    if (result != 0)
        result = getaddrinfo (self->host, self->port, &hints, &found);
    pthread_mutex_lock (&self->mutex);
    self->result = result;
    self->found = result == 0 ? found : NULL;
    self->is_done = true;
    pthread_cond_signal (&self->done);
    pthread_mutex_unlock (&self->mutex);
    s_unref (self);
    return NULL;
}

look_up_t *
look_up_begin (const char *host, uint16_t port)
{
    look_up_t *self = g_new0 (look_up_t, 1);
    pthread_condattr_t attributes;
    pthread_condattr_init (&attributes);
    pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init (&self->mutex, NULL);
    pthread_cond_init (&self->done, &attributes);
    pthread_condattr_destroy (&attributes);
    atomic_init (&self->references, 2);
    self->host = g_strdup (host);
    g_snprintf (self->port, sizeof self->port, "%u", (unsigned) port);
    pthread_t thread;
    if (thread_start (&thread, "look-up", s_run, self))
        pthread_detach (thread);
    else {
        self->has_no_thread = self->is_done = true;
        atomic_store (&self->references, 1);
    }
    return self;
}

//  Wait until the thread is done or the time is reached. The mutex must be locked.
static void
s_await (look_up_t *self, int64_t until_ms)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int error = 0;
    while (!self->is_done && error == 0)
        error = until_ms == INT64_MAX ? pthread_cond_wait (&self->done, &self->mutex)
                                      : pthread_cond_timedwait (&self->done, &self->mutex, &until);
}

const char *
look_up_end (look_up_t **self_p, int64_t until_ms, struct addrinfo **found)
{
    look_up_t *self = *self_p;
    const char *reason = NULL;
    pthread_mutex_lock (&self->mutex);
    s_await (self, until_ms);
    if (self->has_no_thread)
        reason = "no thread can be started";
    else if (!self->is_done)
        reason = "the name server does not answer in time";
    else if (self->result != 0)
        reason = gai_strerror (self->result);
    *found = reason ? NULL : g_steal_pointer (&self->found);
    pthread_mutex_unlock (&self->mutex);
    s_unref (self);
    *self_p = NULL;
    return reason;
}
