//  The buffer is a ring of records, each a size and the bytes of a line. put and the thread hold
//  the mutex only while they copy one record. A semaphore wakes the thread, because a signal
//  handler may post one: the crash handler asks the thread to write the rest, and waits a moment.
//
//  Libraries end the process when they get no memory: GLib with SIGTRAP, libzmq and C++ with
//  SIGABRT, and libtasn1 by following a null pointer. In each case errno is ENOMEM. This is no
//  fault of the program, so the process leaves no core, but a log line with the reason.
//  SPDX-License-Identifier: Apache-2.0
#include "common/process/log_writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/process/clock.h"

#define RING_BYTES (1024 * 1024)
#define LINE_BYTES_MAX (64 * 1024)  //  a longer line counts as dropped
#define LAST_LINES_MS 1000          //  the longest wait for the reader at the end of the process
#define REPORT_MS 1000              //  between two reports of dropped lines
#define LOOK_NS 1000000             //  between two looks while waiting for the thread
#define NULL_PAGE_BYTES 4096        //  an address below it comes of a null pointer

static struct {
    pthread_mutex_t mutex;
    char ring[RING_BYTES];  //  the mutex guards it and the next two
    size_t head;            //  bytes put so far
    size_t tail;            //  bytes taken so far
    sem_t wake;             //  posted for each record, and for a crash
    pthread_t thread;
    log_writer_lines_t lines;
    atomic_bool is_started;
    atomic_ullong put;      //  lines put; the next three count lines too
    atomic_ullong written;  //  or dropped because the reader is gone
    atomic_ullong dropped;
    unsigned long long reported;  //  dropped lines reported; for the thread only, like the next
    int64_t reported_ms;
    atomic_int crash;  //  the signal; 0: none
    atomic_bool is_out_of_memory;
    atomic_bool is_crash_written;
} s_writer = {.mutex = PTHREAD_MUTEX_INITIALIZER};

//  Write a line, and wait for the reader without limit. If the reader is gone, drop the line.
static void
s_write (const char *line, size_t size)
{
    while (size > 0) {
        ssize_t written = write (STDERR_FILENO, line, size);
        if (written >= 0) {
            line += written;
            size -= (size_t) written;
        }
        else if (errno == EAGAIN) {
            //  Another process that shares the descriptor has made it non-blocking.
            struct pollfd item = {STDERR_FILENO, POLLOUT, 0};
            poll (&item, 1, -1);
        }
        else if (errno != EINTR)
            return;
    }
}

static void
s_ring_put (const void *bytes, size_t size)
{
    size_t place = s_writer.head % RING_BYTES;
    size_t first = MIN (size, RING_BYTES - place);
    memcpy (s_writer.ring + place, bytes, first);
    memcpy (s_writer.ring, (const char *) bytes + first, size - first);
    s_writer.head += size;
}

static void
s_ring_take (void *bytes, size_t size)
{
    size_t place = s_writer.tail % RING_BYTES;
    size_t first = MIN (size, RING_BYTES - place);
    memcpy (bytes, s_writer.ring + place, first);
    memcpy ((char *) bytes + first, s_writer.ring, size - first);
    s_writer.tail += size;
}

//  Take the oldest line. Return its size, or 0 if there is no line.
static size_t
s_take (char line[LINE_BYTES_MAX])
{
    uint32_t size = 0;
    pthread_mutex_lock (&s_writer.mutex);
    if (s_writer.head != s_writer.tail) {
        s_ring_take (&size, sizeof size);
        s_ring_take (line, size);
    }
    pthread_mutex_unlock (&s_writer.mutex);
    return size;
}

static void
s_report (void)
{
    unsigned long long dropped = atomic_load (&s_writer.dropped);
    if (dropped == s_writer.reported || clock_ms () < s_writer.reported_ms + REPORT_MS)
        return;
    GString *line = g_string_new (NULL);
    s_writer.lines.dropped (line, dropped - s_writer.reported);
    s_write (line->str, line->len);
    g_string_free (line, TRUE);
    s_writer.reported = dropped;
    s_writer.reported_ms = clock_ms ();
}

static void
s_tell_crash (void)
{
    if (atomic_load (&s_writer.crash) == 0 || atomic_load (&s_writer.is_crash_written))
        return;
    if (atomic_load (&s_writer.is_out_of_memory)) {
        text_t line = s_writer.lines.out_of_memory ();
        s_write (line.data, line.size);
        atomic_store (&s_writer.is_crash_written, true);
        return;
    }
    GString *line = g_string_new (NULL);
    s_writer.lines.crashed (line, atomic_load (&s_writer.crash));
    s_write (line->str, line->len);
    g_string_free (line, TRUE);
    atomic_store (&s_writer.is_crash_written, true);
}

static void *
s_run (void *data)
{
    static char line[LINE_BYTES_MAX];
    (void) pthread_setname_np (pthread_self (), "log");
    for (;;) {
        while (sem_wait (&s_writer.wake) != 0)
            ;
        size_t size = s_take (line);
        if (size > 0) {
            s_write (line, size);
            s_report ();
            atomic_fetch_add (&s_writer.written, 1);
        }
        else
            s_tell_crash ();
    }
    return data;
}

//  Wait for the thread. It calls only functions that are safe in a signal handler.
static bool
s_await_thread (int64_t timeout_ms, bool with_crash)
{
    static const struct timespec pause = {0, LOOK_NS};
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    int64_t until_ms = (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000 + timeout_ms;
    for (;;) {
        bool is_done = with_crash ? atomic_load (&s_writer.is_crash_written)
                                  : atomic_load (&s_writer.written) == atomic_load (&s_writer.put);
        clock_gettime (CLOCK_MONOTONIC, &now);
        if (is_done || (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000 >= until_ms)
            return is_done;
        nanosleep (&pause, NULL);
    }
}

//  Return true if a lack of memory caused the signal. Call it before errno can change.
static bool
s_lacks_memory (int number, const siginfo_t *info)
{
    if (errno != ENOMEM)
        return false;
    return number == SIGABRT || number == SIGTRAP ||
           (number == SIGSEGV && info->si_code > 0 && (uintptr_t) info->si_addr < NULL_PAGE_BYTES);
}

//  Let the thread write the waiting lines and one about the crash, then let the signal act.
static void
s_on_crash (int number, siginfo_t *info, void *context)
{
    int none = 0;
    bool is_out_of_memory = s_lacks_memory (number, info);
    (void) context;
    if (atomic_compare_exchange_strong (&s_writer.crash, &none, number)) {
        atomic_store (&s_writer.is_out_of_memory, is_out_of_memory);
        if (!pthread_equal (pthread_self (), s_writer.thread)) {
            sem_post (&s_writer.wake);
            s_await_thread (LAST_LINES_MS, true);
        }
        else if (is_out_of_memory)
            s_tell_crash ();
    }
    if (is_out_of_memory)
        _exit (EXIT_FAILURE);
    signal (number, SIG_DFL);
    raise (number);
}

//  A present handler belongs to a sanitizer: keep it.
static void
s_catch_crashes (void)
{
    static const int signals[] = {SIGABRT, SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    for (size_t index = 0; index < G_N_ELEMENTS (signals); index++) {
        struct sigaction action;
        if (sigaction (signals[index], NULL, &action) != 0 || action.sa_handler != SIG_DFL)
            continue;
        action =
            (struct sigaction){.sa_sigaction = s_on_crash, .sa_flags = SA_NODEFER | SA_SIGINFO};
        sigaction (signals[index], &action, NULL);
    }
}

void
log_writer_flush (void)
{
    if (atomic_load (&s_writer.is_started))
        s_await_thread (LAST_LINES_MS, false);
}

int
log_writer_start (const log_writer_lines_t *lines)
{
    g_assert (!atomic_load (&s_writer.is_started));
    s_writer.lines = *lines;
    int error = sem_init (&s_writer.wake, 0, 0) == 0
                    ? pthread_create (&s_writer.thread, NULL, s_run, NULL)
                    : errno;
    if (error != 0)
        return error;
    pthread_detach (s_writer.thread);
    s_catch_crashes ();
    atexit (log_writer_flush);
    atomic_store (&s_writer.is_started, true);
    return 0;
}

void
log_writer_put (const char *line, size_t size)
{
    if (!atomic_load (&s_writer.is_started)) {
        s_write (line, size);
        return;
    }
    uint32_t record = (uint32_t) size;
    pthread_mutex_lock (&s_writer.mutex);
    bool fits = size > 0 && size <= LINE_BYTES_MAX &&
                s_writer.head - s_writer.tail + sizeof record + size <= RING_BYTES;
    if (fits) {
        s_ring_put (&record, sizeof record);
        s_ring_put (line, size);
        atomic_fetch_add (&s_writer.put, 1);
    }
    else
        atomic_fetch_add (&s_writer.dropped, 1);
    pthread_mutex_unlock (&s_writer.mutex);
    if (fits)
        sem_post (&s_writer.wake);
}

uint64_t
log_writer_dropped (void)
{
    return atomic_load (&s_writer.dropped);
}
