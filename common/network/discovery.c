//  A name that does not resolve keeps its last addresses: processors may work while a resolver is
//  down.
//
//  A name server that does not answer keeps the thread in getaddrinfo for many seconds. So neither
//  the start nor the end waits for the thread. The owner and the thread share the object; the last
//  of them frees it.
//  SPDX-License-Identifier: Apache-2.0
#include "common/network/discovery.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/process/log.h"
#include "common/process/thread.h"

#define RESOLVE_INTERVAL_MS 1000
#define FAILURE_LOG_INTERVAL_MS 30000
#define FIRST_RESULT_MS 200  //  the start waits so long for the first addresses

typedef struct {
    address_name_t name;
    GArray *addresses;  //  its last addresses
    int64_t failure_logged_ms;
} name_t;

struct discovery {
    GArray *parsed;  //  of address_name_t: the list of the flag
    GArray *names;   //  of name_t; the running thread owns them
    bool only_one_family;
    int stop_fd;             //  eventfd: readable when the thread must end
    atomic_bool is_stopped;  //  the same
    atomic_int references;   //  of the owner and the thread
    pthread_mutex_t mutex;
    pthread_cond_t first_result;
    GArray *addresses;  //  of all names; the mutex guards it and the next two
    uint64_t generation;
    bool has_result;
};

bool
discovery_check (const char *list)
{
    GArray *names = addresses_parse (list);
    bool good = names != NULL;
    g_clear_pointer (&names, g_array_unref);
    return good;
}

static void
s_resolve (discovery_t *self, name_t *name)
{
    GArray *found = g_array_new (FALSE, TRUE, sizeof (address_t));
    const char *fault = addresses_resolve (&name->name, self->only_one_family, found);
    if (atomic_load (&self->is_stopped))
        ;  //  The owner is gone.
    else if (!fault) {
        g_array_unref (name->addresses);
        name->addresses = g_array_ref (found);
    }
    else if (log_is_due (&name->failure_logged_ms, FAILURE_LOG_INTERVAL_MS))
        log_event (LOG_WARN, "cannot resolve a processor's name", "name=%s reason=%s advice=%s",
            name->name.host, fault,
            "check --processors and the name server; it is tried again every second");
    g_array_unref (found);
}

static bool
s_same (const GArray *a, const GArray *b)
{
    if (a->len != b->len)
        return false;
    for (guint index = 0; index < a->len; index++)
        if (addresses_compare (
                &g_array_index (a, address_t, index), &g_array_index (b, address_t, index)))
            return false;
    return true;
}

static void
s_resolve_all (discovery_t *self)
{
    GArray *all = g_array_new (FALSE, TRUE, sizeof (address_t));
    for (guint index = 0; index < self->names->len; index++) {
        name_t *name = &g_array_index (self->names, name_t, index);
        s_resolve (self, name);
        for (guint found = 0; found < name->addresses->len; found++)
            addresses_add (all, &g_array_index (name->addresses, address_t, found));
    }
    g_array_sort (all, addresses_compare);
    pthread_mutex_lock (&self->mutex);
    bool is_same = s_same (all, self->addresses);
    if (!is_same) {
        g_array_set_size (self->addresses, 0);
        g_array_append_vals (self->addresses, all->data, all->len);
        self->generation++;
    }
    pthread_mutex_unlock (&self->mutex);
    if (!is_same)
        log_event (LOG_INFO, "processors' addresses changed", "count=%u", all->len);
    g_array_unref (all);
    pthread_mutex_lock (&self->mutex);
    self->has_result = true;
    pthread_cond_signal (&self->first_result);
    pthread_mutex_unlock (&self->mutex);
}

static void
s_await_first_result (discovery_t *self)
{
    struct timespec until;
    clock_gettime (CLOCK_REALTIME, &until);
    until.tv_nsec += FIRST_RESULT_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock (&self->mutex);
    while (!self->has_result &&
           pthread_cond_timedwait (&self->first_result, &self->mutex, &until) == 0)
        ;
    pthread_mutex_unlock (&self->mutex);
}

static void
s_unref (discovery_t *self)
{
    if (atomic_fetch_sub (&self->references, 1) > 1)
        return;
    for (guint index = 0; index < self->names->len; index++)
        g_array_unref (g_array_index (self->names, name_t, index).addresses);
    g_array_unref (self->names);
    g_array_unref (self->parsed);
    g_array_unref (self->addresses);
    pthread_mutex_destroy (&self->mutex);
    pthread_cond_destroy (&self->first_result);
    close (self->stop_fd);
    g_free (self);
}

static void *
s_run (void *data)
{
    discovery_t *self = data;
    struct pollfd item = {self->stop_fd, POLLIN, 0};
    do
        s_resolve_all (self);
    while (poll (&item, 1, RESOLVE_INTERVAL_MS) != 1);
    s_unref (self);
    return NULL;
}

discovery_t *
discovery_new (const char *list, bool only_one_family)
{
    discovery_t *self = g_new0 (discovery_t, 1);
    pthread_mutex_init (&self->mutex, NULL);
    pthread_cond_init (&self->first_result, NULL);
    self->only_one_family = only_one_family;
    atomic_init (&self->references, 2);
    self->stop_fd = eventfd (0, EFD_CLOEXEC);
    g_assert (self->stop_fd >= 0);
    self->names = g_array_new (FALSE, TRUE, sizeof (name_t));
    self->addresses = g_array_new (FALSE, TRUE, sizeof (address_t));
    self->parsed = addresses_parse (list);
    g_assert (self->parsed);
    for (guint index = 0; index < self->parsed->len; index++) {
        name_t name = {.name = g_array_index (self->parsed, address_name_t, index),
            .addresses = g_array_new (FALSE, TRUE, sizeof (address_t))};
        g_array_append_val (self->names, name);
    }
    pthread_t thread;
    if (!thread_start (&thread, "discovery", s_run, self)) {
        s_unref (self);
        s_unref (self);
        return NULL;
    }
    pthread_detach (thread);
    s_await_first_result (self);
    return self;
}

void
discovery_destroy (discovery_t **self_p)
{
    discovery_t *self = *self_p;
    if (!self)
        return;
    atomic_store (&self->is_stopped, true);
    eventfd_write (self->stop_fd, 1);
    s_unref (self);
    *self_p = NULL;
}

bool
discovery_changed (discovery_t *self, uint64_t *generation, GArray *addresses)
{
    pthread_mutex_lock (&self->mutex);
    bool changed = self->generation != *generation;
    if (changed) {
        *generation = self->generation;
        g_array_set_size (addresses, 0);
        g_array_append_vals (addresses, self->addresses->data, self->addresses->len);
    }
    pthread_mutex_unlock (&self->mutex);
    return changed;
}
