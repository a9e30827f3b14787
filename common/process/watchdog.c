//  Each loop has a slot with a number that grows: a turn makes it the next even number, a rest the
//  next odd one. So the watchdog sees that a loop turns even if it rests in every turn. Only the
//  loop writes its number.
//  SPDX-License-Identifier: Apache-2.0
#include "common/process/watchdog.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/process/log.h"
#include "common/process/notify.h"
#include "common/process/thread.h"

#define LOOPS_MAX 128
#define RESTING 1U  //  the lowest bit of the number
#define LOOKS 10
#define LAST_WORDS_S 2

typedef struct {
    const char *name;
    atomic_uint turns;
    unsigned seen;   //  for the watchdog only, like the next
    unsigned stale;  //  looks in a row without progress
} loop_t;

static struct {
    loop_t loops[LOOPS_MAX];
    atomic_uint count;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_running;  //  the mutex guards it
    uint64_t interval_ms;
    uint64_t looks;  //  stale looks in a row that end the process; 0: never
} s_watchdog = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local loop_t *s_loop;

void
watchdog_feed (const char *name)
{
    if (!s_loop) {
        unsigned place = atomic_fetch_add (&s_watchdog.count, 1);
        g_assert (place < LOOPS_MAX);
        s_loop = &s_watchdog.loops[place];
        s_loop->name = name;
    }
    unsigned turns = atomic_load_explicit (&s_loop->turns, memory_order_relaxed);
    atomic_store_explicit (&s_loop->turns, (turns | RESTING) + 1, memory_order_release);
}

void
watchdog_rest (void)
{
    if (s_loop)
        atomic_fetch_or_explicit (&s_loop->turns, RESTING, memory_order_release);
}

static void
s_kill (const loop_t *loop)
{
    //  If the hanging loop holds a lock that logging needs, this still ends the process.
    signal (SIGALRM, SIG_DFL);
    alarm (LAST_WORDS_S);
    log_event (LOG_ERROR, "a loop hangs: ending the process, so that its locks come free",
        "loop=%s ms=%" G_GUINT64_FORMAT, loop->name, loop->stale * s_watchdog.interval_ms);
    abort ();
}

//  Return true if the loop rests, or has turned since the last look.
static bool
s_look_at (loop_t *loop)
{
    unsigned turns = atomic_load_explicit (&loop->turns, memory_order_acquire);
    bool is_well = (turns & RESTING) || turns != loop->seen;
    loop->seen = turns;
    loop->stale = is_well ? 0 : loop->stale + 1;
    if (s_watchdog.looks > 0 && loop->stale >= s_watchdog.looks)
        s_kill (loop);
    return is_well;
}

static void
s_look (void)
{
    bool are_well = true;
    unsigned count = atomic_load (&s_watchdog.count);
    for (unsigned index = 0; index < count; index++)
        are_well = s_look_at (&s_watchdog.loops[index]) && are_well;
    if (are_well)
        notify_alive ();
}

//  Sleep an interval, or until the end. Call it with the mutex locked.
static void
s_sleep (void)
{
    struct timespec until;
    clock_gettime (CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t) (s_watchdog.interval_ms / 1000);
    until.tv_nsec += (long) (s_watchdog.interval_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (s_watchdog.is_running &&
           pthread_cond_timedwait (&s_watchdog.changed, &s_watchdog.mutex, &until) != ETIMEDOUT)
        ;
}

static void *
s_run (void *data)
{
    pthread_mutex_lock (&s_watchdog.mutex);
    while (s_watchdog.is_running) {
        s_look ();
        s_sleep ();
    }
    pthread_mutex_unlock (&s_watchdog.mutex);
    return data;
}

bool
watchdog_start (uint64_t limit_ms)
{
    uint64_t alive_ms = notify_alive_ms ();
    if (limit_ms == 0 && alive_ms == 0)
        return true;
    uint64_t look_ms = limit_ms > 0 ? limit_ms / LOOKS : G_MAXUINT64;
    uint64_t tell_ms = alive_ms > 0 ? MAX (1, alive_ms / 4) : G_MAXUINT64;
    s_watchdog.interval_ms = MIN (look_ms, tell_ms);
    s_watchdog.looks = limit_ms / s_watchdog.interval_ms;
    pthread_condattr_t monotonic;
    pthread_condattr_init (&monotonic);
    pthread_condattr_setclock (&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init (&s_watchdog.changed, &monotonic);
    pthread_condattr_destroy (&monotonic);
    s_watchdog.is_running = true;
    bool good = thread_start (&s_watchdog.thread, "watchdog", s_run, NULL);
    if (!good)
        s_watchdog.is_running = false;
    return good;
}

void
watchdog_stop (void)
{
    pthread_mutex_lock (&s_watchdog.mutex);
    bool was_running = s_watchdog.is_running;
    s_watchdog.is_running = false;
    if (was_running)
        pthread_cond_signal (&s_watchdog.changed);
    pthread_mutex_unlock (&s_watchdog.mutex);
    if (was_running) {
        pthread_join (s_watchdog.thread, NULL);
        pthread_cond_destroy (&s_watchdog.changed);
    }
}
