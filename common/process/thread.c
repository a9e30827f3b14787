//  SPDX-License-Identifier: Apache-2.0
#include "common/process/thread.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>

#include "common/process/advice.h"
#include "common/process/log.h"

//  The creator's order to a new thread, which frees it.
typedef struct {
    thread_fn *function;
    void *context;
    char name[THREAD_NAME_SIZE];
} order_t;

static void *
s_run (void *data)
{
    order_t order = *(order_t *) data;
    g_free (data);
    (void) pthread_setname_np (pthread_self (), order.name);
    return order.function (order.context);
}

void
thread_complain (const char *name, int error)
{
    log_event (LOG_ERROR, "cannot start a thread", "thread=%s reason=%s advice=%s", name,
        g_strerror (error), advice_thread ());
}

bool
thread_start (pthread_t *thread, const char *name, thread_fn *function, void *context)
{
    order_t *order = g_new0 (order_t, 1);
    order->function = function;
    order->context = context;
    g_strlcpy (order->name, name, sizeof order->name);
    int error = pthread_create (thread, NULL, s_run, order);
    if (error == 0)
        return true;
    g_free (order);
    thread_complain (name, error);
    errno = error;
    return false;
}

static struct {
    const char *library;
    struct sigaction before;  //  of SIGABRT
} s_guard;

//  The library aborts on the thread that called it, so the log can be used here. The handler from
//  before knows the lack of memory (log_writer.c).
static void
s_on_abort (int number)
{
    int error = errno;
    sigaction (SIGABRT, &s_guard.before, NULL);
    if (error == ENOMEM) {
        errno = error;
        raise (number);
        return;
    }
    thread_complain (s_guard.library, EAGAIN);
    log_exit ();
}

void
thread_guard (const char *library, void (*function) (void *context), void *context)
{
    s_guard.library = library;
    struct sigaction action = {.sa_handler = s_on_abort, .sa_flags = SA_NODEFER};
    sigaction (SIGABRT, &action, &s_guard.before);
    function (context);
    sigaction (SIGABRT, &s_guard.before, NULL);
}
