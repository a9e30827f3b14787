//  Makes a disk fail on request, and records its writes. A program that preloads this shim reaches
//  the files under DISK_SHIM_UNDER (absolute folders, colon-separated) through it.
//
//    DISK_SHIM_TRACE=file          append every change and every sync to this file, in the order in
//                                  which they took effect: power_cut.py computes from it what a
//                                  disk may hold after a power cut
//    DISK_SHIM_FAULT=call:error:N  the Nth such call fails: write, pwrite, fsync, fdatasync,
//                                  ftruncate or open; EIO, ENOSPC, EINTR, EMFILE, or short (half of
//                                  the bytes are written). With :always at the end, all later calls
//                                  fail too
//    DISK_SHIM_KILL=call:N         SIGKILL when half of the bytes of the Nth write are written, or
//                                  before the Nth of another call
//    DISK_SHIM_DELAY=file          each sync first sleeps for the microseconds that the file holds then
//    DISK_SHIM_COUNT=file          at the end, write the number of calls of each kind, a line each
//
//  One lock around it all: the trace's order is the disk's. So a sync covers everything written
//  before.
//  SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS 4096
#define PATH_SIZE 512
#define EXPORT __attribute__ ((visibility ("default")))

typedef enum {
    CALL_WRITE,
    CALL_PWRITE,
    CALL_FSYNC,
    CALL_FDATASYNC,
    CALL_FTRUNCATE,
    CALL_OPEN,
    CALLS
} call_t;

static const char *const s_names[CALLS] = {
    "write", "pwrite", "fsync", "fdatasync", "ftruncate", "open"};

static struct {
    call_t call;
    uint64_t number;  //  0: none
    int error;
    bool is_short;
    bool is_always;
} s_fault;

static struct {
    call_t call;
    uint64_t number;
} s_kill;

static pthread_mutex_t s_mutex = PTHREAD_MUTEX_INITIALIZER;
static char s_paths[DESCRIPTORS][PATH_SIZE];  //  of watched descriptors; empty: not watched
static uint64_t s_counts[CALLS];
static const char *s_under;
static const char *s_delay;
static int s_trace = -1;

static int (*s_open) (const char *, int, ...);
static int (*s_close) (int);
static ssize_t (*s_write) (int, const void *, size_t);
static ssize_t (*s_pwrite) (int, const void *, size_t, off_t);
static int (*s_fsync) (int);
static int (*s_fdatasync) (int);
static int (*s_ftruncate) (int, off_t);
static int (*s_unlink) (const char *);
static int (*s_rename) (const char *, const char *);

//  POSIX has dlsym return functions as void *, which ISO C does not know.
#define FIND(pointer, name) *(void **) &(pointer) = dlsym (RTLD_NEXT, name)

static call_t
s_call_of (const char *name, size_t size)
{
    for (call_t call = 0; call < CALLS; call++)
        if (strlen (s_names[call]) == size && strncmp (s_names[call], name, size) == 0)
            return call;
    fprintf (stderr, "disk shim: no call '%.*s'\n", (int) size, name);
    exit (99);
}

static void
s_read_fault (const char *text)
{
    const char *error = strchr (text, ':') + 1;
    s_fault.call = s_call_of (text, (size_t) (error - text) - 1);
    s_fault.is_short = strncmp (error, "short", 5) == 0;
    s_fault.error = strncmp (error, "EIO", 3) == 0      ? EIO
                    : strncmp (error, "EINTR", 5) == 0  ? EINTR
                    : strncmp (error, "EMFILE", 6) == 0 ? EMFILE
                                                        : ENOSPC;
    const char *number = strchr (error, ':') + 1;
    s_fault.number = strtoull (number, NULL, 10);
    s_fault.is_always = strstr (number, ":always") != NULL;
}

static void __attribute__ ((constructor)) s_set_up (void)
{
    FIND (s_open, "open64");
    FIND (s_close, "close");
    FIND (s_write, "write");
    FIND (s_pwrite, "pwrite64");
    FIND (s_fsync, "fsync");
    FIND (s_fdatasync, "fdatasync");
    FIND (s_ftruncate, "ftruncate64");
    FIND (s_unlink, "unlink");
    FIND (s_rename, "rename");
    s_under = getenv ("DISK_SHIM_UNDER");
    s_delay = getenv ("DISK_SHIM_DELAY");
    const char *trace = getenv ("DISK_SHIM_TRACE");
    const char *fault = getenv ("DISK_SHIM_FAULT");
    const char *death = getenv ("DISK_SHIM_KILL");
    if (trace)
        s_trace = s_open (trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fault)
        s_read_fault (fault);
    if (death) {
        const char *number = strchr (death, ':') + 1;
        s_kill.call = s_call_of (death, (size_t) (number - death) - 1);
        s_kill.number = strtoull (number, NULL, 10);
    }
}

static void __attribute__ ((destructor)) s_tell_counts (void)
{
    const char *path = getenv ("DISK_SHIM_COUNT");
    FILE *file = path ? fopen (path, "w") : NULL;
    for (call_t call = 0; file && call < CALLS; call++)
        fprintf (file, "%s %llu\n", s_names[call], (unsigned long long) s_counts[call]);
    if (file)
        fclose (file);
}

static bool
s_is_under (const char *path)
{
    const char *folder = s_under;
    while (folder && *folder) {
        size_t size = strcspn (folder, ":");
        if (strncmp (path, folder, size) == 0 && (path[size] == '/' || path[size] == 0))
            return true;
        folder += size + (folder[size] == ':');
    }
    return false;
}

static bool
s_is_watched (int fd)
{
    return fd >= 0 && fd < DESCRIPTORS && s_paths[fd][0];
}

//  kind, size of the path, offset, size of the bytes; path; bytes: in one write, so that a record
//  is whole or not there when the process is killed.
static void
s_record (char kind, const char *path, uint64_t offset, const void *bytes, size_t size)
{
    if (s_trace < 0)
        return;
    struct {
        char kind;
        char padding[3];
        uint32_t path_size;
        uint64_t offset;
        uint64_t size;
    } head = {kind, {0}, (uint32_t) strlen (path), offset, size};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *) (uintptr_t) path, strlen (path)},
        {(void *) (uintptr_t) bytes, size}};
    if (writev (s_trace, parts, 3) < 0)
        abort ();
}

//  Count a call. Return true if it must fail.
static bool
s_is_fault (call_t call)
{
    uint64_t number = ++s_counts[call];
    if (s_kill.number && s_kill.call == call && number == s_kill.number && call != CALL_WRITE &&
        call != CALL_PWRITE)
        kill (getpid (), SIGKILL);
    return s_fault.number && s_fault.call == call &&
           (number == s_fault.number || (s_fault.is_always && number > s_fault.number));
}

static int
s_open_watched (const char *path, int flags, mode_t mode)
{
    struct stat status;
    pthread_mutex_lock (&s_mutex);
    bool is_fault = s_is_fault (CALL_OPEN);
    bool is_new = (flags & O_CREAT) && stat (path, &status) != 0;
    int fd = is_fault ? -1 : s_open (path, flags, mode);
    int error = is_fault ? s_fault.error : errno;
    if (fd >= 0 && fd < DESCRIPTORS) {
        snprintf (s_paths[fd], PATH_SIZE, "%s", path);
        if (is_new)
            s_record ('C', path, 0, NULL, 0);
        if (flags & O_TRUNC)
            s_record ('T', path, 0, NULL, 0);
    }
    pthread_mutex_unlock (&s_mutex);
    errno = error;
    return fd;
}

static int
s_open_any (const char *path, int flags, mode_t mode)
{
    return s_is_under (path) ? s_open_watched (path, flags, mode) : s_open (path, flags, mode);
}

EXPORT int
open64 (const char *path, int flags, ...)
{
    va_list arguments;
    va_start (arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg (arguments, mode_t) : 0;
    va_end (arguments);
    return s_open_any (path, flags, mode);
}

EXPORT int
open (const char *path, int flags, ...)
{
    va_list arguments;
    va_start (arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg (arguments, mode_t) : 0;
    va_end (arguments);
    return s_open_any (path, flags, mode);
}

EXPORT int
close (int fd)
{
    if (s_is_watched (fd)) {
        pthread_mutex_lock (&s_mutex);
        s_paths[fd][0] = 0;
        pthread_mutex_unlock (&s_mutex);
    }
    return s_close (fd);
}

//  Write with the planned faults. offset -1: at the current place of the file.
static ssize_t
s_write_watched (call_t call, int fd, const void *bytes, size_t size, off_t offset)
{
    pthread_mutex_lock (&s_mutex);
    bool is_fault = s_is_fault (call);
    bool is_death = s_kill.number && s_kill.call == call && s_counts[call] == s_kill.number;
    ssize_t done = -1;
    int error = s_fault.error;
    if (is_death || (is_fault && s_fault.is_short))
        size = (size + 1) / 2;
    if (!is_fault || s_fault.is_short) {
        off_t place = offset >= 0 ? offset : lseek (fd, 0, SEEK_CUR);
        done = offset >= 0 ? s_pwrite (fd, bytes, size, offset) : s_write (fd, bytes, size);
        error = errno;
        if (done > 0)
            s_record ('W', s_paths[fd], (uint64_t) place, bytes, (size_t) done);
    }
    if (is_death)
        kill (getpid (), SIGKILL);
    pthread_mutex_unlock (&s_mutex);
    errno = error;
    return done;
}

EXPORT ssize_t
write (int fd, const void *bytes, size_t size)
{
    return s_is_watched (fd) ? s_write_watched (CALL_WRITE, fd, bytes, size, -1)
                             : s_write (fd, bytes, size);
}

EXPORT ssize_t
pwrite64 (int fd, const void *bytes, size_t size, off_t offset)
{
    return s_is_watched (fd) ? s_write_watched (CALL_PWRITE, fd, bytes, size, offset)
                             : s_pwrite (fd, bytes, size, offset);
}

EXPORT ssize_t
pwrite (int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite64 (fd, bytes, size, offset);
}

//  Sleep for as long as the file says, without the lock: others go on.
static void
s_sleep (void)
{
    char text[16] = "";
    int fd = s_delay ? s_open (s_delay, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    if (read (fd, text, sizeof text - 1) > 0) {
        long us = strtol (text, NULL, 10);
        nanosleep (
            &(struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000}, NULL);
    }
    s_close (fd);
}

static int
s_sync_watched (call_t call, int fd, int (*sync_it) (int))
{
    s_sleep ();
    pthread_mutex_lock (&s_mutex);
    int result = -1;
    int error = s_fault.error;
    if (!s_is_fault (call)) {
        result = sync_it (fd);
        error = errno;
        if (result == 0)
            s_record ('S', s_paths[fd], 0, NULL, 0);
    }
    pthread_mutex_unlock (&s_mutex);
    errno = error;
    return result;
}

EXPORT int
fsync (int fd)
{
    return s_is_watched (fd) ? s_sync_watched (CALL_FSYNC, fd, s_fsync) : s_fsync (fd);
}

EXPORT int
fdatasync (int fd)
{
    return s_is_watched (fd) ? s_sync_watched (CALL_FDATASYNC, fd, s_fdatasync) : s_fdatasync (fd);
}

EXPORT int
ftruncate64 (int fd, off_t size)
{
    if (!s_is_watched (fd))
        return s_ftruncate (fd, size);
    pthread_mutex_lock (&s_mutex);
    int result = -1;
    int error = s_fault.error;
    if (!s_is_fault (CALL_FTRUNCATE)) {
        result = s_ftruncate (fd, size);
        error = errno;
        if (result == 0)
            s_record ('T', s_paths[fd], (uint64_t) size, NULL, 0);
    }
    pthread_mutex_unlock (&s_mutex);
    errno = error;
    return result;
}

EXPORT int
ftruncate (int fd, off_t size)
{
    return ftruncate64 (fd, size);
}

EXPORT int
unlink (const char *path)
{
    if (!s_is_under (path))
        return s_unlink (path);
    pthread_mutex_lock (&s_mutex);
    int result = s_unlink (path);
    int error = errno;
    if (result == 0)
        s_record ('U', path, 0, NULL, 0);
    pthread_mutex_unlock (&s_mutex);
    errno = error;
    return result;
}

EXPORT int
rename (const char *from, const char *to)
{
    if (!s_is_under (from))
        return s_rename (from, to);
    pthread_mutex_lock (&s_mutex);
    int result = s_rename (from, to);
    int error = errno;
    if (result == 0)
        s_record ('R', from, 0, to, strlen (to));
    pthread_mutex_unlock (&s_mutex);
    errno = error;
    return result;
}
