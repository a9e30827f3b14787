//  Makes calls of a running program fail on request. A program that preloads this shim calls the
//  functions below through it, and so do its libraries. A test arms one fault after another through
//  a file that both map (fault_control.py):
//
//    FAULT_SHIM_CONTROL=file       where the test writes which call fails, and reads how many there were
//
//  A fault hits one call, once: the Nth call of a function since the test armed it. The shim does
//  not make the call, and returns the error. It leaves calls alone that cannot fail in practice: a
//  write to an eventfd, and the later parts of a ZeroMQ message, which libzmq takes or rolls back
//  as a whole.
//  SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <threads.h>
#include <unistd.h>

#include "fault_shim.h"

#define CALLS_MAX 48
#define NAME_SIZE 24
#define WHERE_SIZE 1024
#define FRAMES_MAX 16

static const char s_names[CALLS][NAME_SIZE] = {"malloc", "calloc", "realloc", "memalign", "write",
    "pwrite", "writev", "send", "sendmsg", "recv", "fsync", "fdatasync", "ftruncate", "accept4",
    "open", "connect", "pthread_create", "sqlite3_prepare", "sqlite3_step", "zmq_socket",
    "zmq_connect", "zmq_send", "zmq_msg_send", "zmq_msg_recv", "gnutls_init", "gnutls_handshake",
    "gnutls_record_send", "gnutls_record_recv", "pq_connect", "pq_send", "pq_consume", "pq_result",
    "rd_kafka_produce", "rd_kafka_consume", "rd_kafka_commit"};

//  The mapped file; fault_control.py knows this layout.
typedef struct {
    atomic_uint armed;  //  the place of a name, from 1 on; 0: no fault
    atomic_int error;   //  of the call that fails
    atomic_uint hits;   //  faults that came about
    uint32_t padding;
    atomic_ullong target;             //  the count at which the call fails
    atomic_ullong counts[CALLS_MAX];  //  calls of each function so far
    char names[CALLS_MAX][NAME_SIZE];
    char where[WHERE_SIZE];  //  who made the call that failed last
} control_t;

static control_t s_private;  //  until the file is mapped
static control_t *s_control = &s_private;

//  libc's own, since dlsym itself allocates.
extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t count, size_t size);
extern void *__libc_realloc (void *bytes, size_t size);
extern void *__libc_memalign (size_t alignment, size_t size);

static void __attribute__ ((constructor)) s_set_up (void)
{
    const char *path = getenv ("FAULT_SHIM_CONTROL");
    void *frames[FRAMES_MAX];
    (void) backtrace (
        frames, FRAMES_MAX);  //  so that it loads its library now, and not in an allocation
    int fd = path ? open (path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *mapped = mmap (NULL, sizeof *s_control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close (fd);
    if (mapped == MAP_FAILED)
        return;
    memcpy (((control_t *) mapped)->names, s_names, sizeof s_names);
    s_control = mapped;
}

//  Write who called, the innermost function first, as far as symbols tell.
static void
s_tell_where (void)
{
    void *frames[FRAMES_MAX];
    char thread[16] = "";
    pthread_getname_np (pthread_self (), thread, sizeof thread);
    int count = backtrace (frames, FRAMES_MAX);
    int size = snprintf (s_control->where, WHERE_SIZE, "[%s]", thread);
    for (int index = 3; index < count && size < WHERE_SIZE; index++) {
        Dl_info info;
        if (!dladdr (frames[index], &info) || !info.dli_fname)
            continue;
        const char *file = strrchr (info.dli_fname, '/');
        size += snprintf (s_control->where + size, (size_t) (WHERE_SIZE - size), " %s:%s+%#lx",
            file ? file + 1 : info.dli_fname, info.dli_sname ? info.dli_sname : "",
            (unsigned long) ((uintptr_t) frames[index] - (uintptr_t) info.dli_fbase));
    }
}

bool
fault_is_due (call_t call)
{
    unsigned long long number = atomic_fetch_add (&s_control->counts[call], 1) + 1;
    if (atomic_load (&s_control->armed) != call + 1 || number != atomic_load (&s_control->target))
        return false;
    s_tell_where ();
    atomic_fetch_add (&s_control->hits, 1);
    errno = atomic_load (&s_control->error);
    return true;
}

int
fault_error (void)
{
    return atomic_load (&s_control->error);
}

EXPORT void *
malloc (size_t size)
{
    return fault_is_due (CALL_MALLOC) ? NULL : __libc_malloc (size);
}

EXPORT void *
calloc (size_t count, size_t size)
{
    return fault_is_due (CALL_CALLOC) ? NULL : __libc_calloc (count, size);
}

EXPORT void *
realloc (void *bytes, size_t size)
{
    return fault_is_due (CALL_REALLOC) ? NULL : __libc_realloc (bytes, size);
}

EXPORT void *
aligned_alloc (size_t alignment, size_t size)
{
    return fault_is_due (CALL_MEMALIGN) ? NULL : __libc_memalign (alignment, size);
}

EXPORT int
posix_memalign (void **bytes, size_t alignment, size_t size)
{
    if (fault_is_due (CALL_MEMALIGN))
        return ENOMEM;
    *bytes = __libc_memalign (alignment, size);
    return *bytes ? 0 : ENOMEM;
}

//  Return true for a file or a socket.
static bool
s_is_fallible (int fd)
{
    struct stat status;
    return fd != STDERR_FILENO && fstat (fd, &status) == 0 &&
           (S_ISREG (status.st_mode) || S_ISSOCK (status.st_mode));
}

EXPORT ssize_t
write (int fd, const void *bytes, size_t size)
{
    NEXT (write);
    return s_is_fallible (fd) && fault_is_due (CALL_WRITE) ? -1 : next (fd, bytes, size);
}

EXPORT ssize_t
pwrite64 (int fd, const void *bytes, size_t size, off64_t offset)
{
    NEXT (pwrite64);
    return fault_is_due (CALL_PWRITE) ? -1 : next (fd, bytes, size, offset);
}

EXPORT ssize_t
pwrite (int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite64 (fd, bytes, size, offset);
}

//  Count a call on a socket. One that fails because the connection is gone finds it gone from then
//  on.
static bool
s_fails_on (call_t call, int fd)
{
    if (!fault_is_due (call))
        return false;
    int error = errno;
    if (error == ECONNRESET || error == EPIPE)
        shutdown (fd, SHUT_RDWR);
    errno = error;
    return true;
}

EXPORT ssize_t
writev (int fd, const struct iovec *parts, int count)
{
    NEXT (writev);
    return s_is_fallible (fd) && s_fails_on (CALL_WRITEV, fd) ? -1 : next (fd, parts, count);
}

EXPORT ssize_t
send (int fd, const void *bytes, size_t size, int flags)
{
    NEXT (send);
    return s_fails_on (CALL_SEND, fd) ? -1 : next (fd, bytes, size, flags);
}

EXPORT ssize_t
sendmsg (int fd, const struct msghdr *message, int flags)
{
    NEXT (sendmsg);
    return s_fails_on (CALL_SENDMSG, fd) ? -1 : next (fd, message, flags);
}

EXPORT ssize_t
recv (int fd, void *bytes, size_t size, int flags)
{
    NEXT (recv);
    return s_fails_on (CALL_RECV, fd) ? -1 : next (fd, bytes, size, flags);
}

EXPORT int
fsync (int fd)
{
    NEXT (fsync);
    return fault_is_due (CALL_FSYNC) ? -1 : next (fd);
}

EXPORT int
fdatasync (int fd)
{
    NEXT (fdatasync);
    return fault_is_due (CALL_FDATASYNC) ? -1 : next (fd);
}

EXPORT int
ftruncate64 (int fd, off64_t size)
{
    NEXT (ftruncate64);
    return fault_is_due (CALL_FTRUNCATE) ? -1 : next (fd, size);
}

EXPORT int
accept4 (int fd, __SOCKADDR_ARG address, socklen_t *size, int flags)
{
    NEXT (accept4);
    return fault_is_due (CALL_ACCEPT4) ? -1 : next (fd, address, size, flags);
}

EXPORT int
open64 (const char *path, int flags, ...)
{
    NEXT (open64);
    va_list arguments;
    va_start (arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg (arguments, mode_t) : 0;
    va_end (arguments);
    return fault_is_due (CALL_OPEN) ? -1 : next (path, flags, mode);
}

EXPORT int
open (const char *path, int flags, ...)
{
    NEXT (open);
    va_list arguments;
    va_start (arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg (arguments, mode_t) : 0;
    va_end (arguments);
    return fault_is_due (CALL_OPEN) ? -1 : next (path, flags, mode);
}

EXPORT int
connect (int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
    NEXT (connect);
    return fault_is_due (CALL_CONNECT) ? -1 : next (fd, address, size);
}

EXPORT int
pthread_create (
    pthread_t *thread, const pthread_attr_t *attributes, void *(*function) (void *), void *context)
{
    NEXT (pthread_create);
    return fault_is_due (CALL_PTHREAD_CREATE) ? fault_error ()
                                              : next (thread, attributes, function, context);
}

EXPORT int
thrd_create (thrd_t *thread, thrd_start_t function, void *context)
{
    NEXT (thrd_create);
    return fault_is_due (CALL_PTHREAD_CREATE) ? thrd_error : next (thread, function, context);
}
