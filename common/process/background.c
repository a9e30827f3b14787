//  SPDX-License-Identifier: Apache-2.0
#include "common/process/background.h"

#include <glib.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/process/thread.h"

struct background {
    background_fn *function;
    void *context;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    void *given;  //  the next job; the mutex guards it and the next two
    void *done;   //  a job that is done
    bool is_ending;
    bool is_idle;  //  for the owner only
    int done_fd;
};

//  Wait for a job. Return NULL when the thread must end.
static void *
s_next (background_t *self)
{
    pthread_mutex_lock (&self->mutex);
    while (!self->given && !self->is_ending)
        pthread_cond_wait (&self->changed, &self->mutex);
    void *job = self->given;
    self->given = NULL;
    pthread_mutex_unlock (&self->mutex);
    return job;
}

static void *
s_run (void *data)
{
    background_t *self = data;
    void *job;
    while ((job = s_next (self))) {
        self->function (self->context, job);
        pthread_mutex_lock (&self->mutex);
        self->done = job;
        pthread_cond_broadcast (&self->changed);
        pthread_mutex_unlock (&self->mutex);
        int failed = eventfd_write (self->done_fd, 1);
        g_assert (!failed);
    }
    return NULL;
}

static void
s_free (background_t **self_p)
{
    background_t *self = *self_p;
    pthread_mutex_destroy (&self->mutex);
    pthread_cond_destroy (&self->changed);
    close (self->done_fd);
    g_free (self);
    *self_p = NULL;
}

background_t *
background_new (const char *name, background_fn *function, void *context)
{
    background_t *self = g_new0 (background_t, 1);
    self->function = function;
    self->context = context;
    self->is_idle = true;
    self->done_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_assert (self->done_fd >= 0);
    pthread_mutex_init (&self->mutex, NULL);
    pthread_cond_init (&self->changed, NULL);
    if (!thread_start (&self->thread, name, s_run, self))
        s_free (&self);
    return self;
}

void
background_destroy (background_t **self_p)
{
    background_t *self = *self_p;
    if (!self)
        return;
    pthread_mutex_lock (&self->mutex);
    self->is_ending = true;
    pthread_cond_broadcast (&self->changed);
    pthread_mutex_unlock (&self->mutex);
    pthread_join (self->thread, NULL);
    s_free (self_p);
}

int
background_fd (const background_t *self)
{
    return self->done_fd;
}

bool
background_is_idle (const background_t *self)
{
    return self->is_idle;
}

void
background_submit (background_t *self, void *job)
{
    g_assert (self->is_idle && job);
    self->is_idle = false;
    pthread_mutex_lock (&self->mutex);
    self->given = job;
    pthread_cond_broadcast (&self->changed);
    pthread_mutex_unlock (&self->mutex);
}

//  Take the job if it is done. The mutex must be locked.
static void *
s_take_done (background_t *self)
{
    void *job = self->done;
    self->done = NULL;
    self->is_idle = self->is_idle || job;
    return job;
}

void *
background_fetch (background_t *self)
{
    eventfd_t count;
    if (self->is_idle || eventfd_read (self->done_fd, &count) != 0)
        return NULL;
    pthread_mutex_lock (&self->mutex);
    void *job = s_take_done (self);
    pthread_mutex_unlock (&self->mutex);
    return job;
}

void *
background_wait (background_t *self)
{
    if (self->is_idle)
        return NULL;
    pthread_mutex_lock (&self->mutex);
    while (!self->done)
        pthread_cond_wait (&self->changed, &self->mutex);
    void *job = s_take_done (self);
    pthread_mutex_unlock (&self->mutex);
    return job;
}
