//  Calls that fail as told, in a program that goes on running: preloaded into it, this stands between
//  the program with its libraries and the functions below. A test arms one fault after another through
//  a file that both map (fault_control.py):
//
//    FAULT_SHIM_CONTROL=file       where the test writes which call fails, and reads how many there were
//
//  A fault hits one call, once: the Nth call of a function since it was armed. The call is not made,
//  and returns its error. Calls that cannot fail in life are left alone: a write to an eventfd, a part
//  of a ZeroMQ message behind the first one, which libzmq takes or rolls back as a whole.
//  SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__ ((visibility ("default")))
#define CALLS_MAX 32
#define NAME_SIZE 24
#define WHERE_SIZE 1024
#define FRAMES_MAX 16

#define SQLITE_OK 0
#define ZMQ_SNDMORE 2

typedef enum {
    CALL_MALLOC,
    CALL_CALLOC,
    CALL_REALLOC,
    CALL_MEMALIGN,  //  posix_memalign, aligned_alloc
    CALL_WRITE,
    CALL_PWRITE,
    CALL_WRITEV,
    CALL_SEND,
    CALL_SENDMSG,
    CALL_RECV,
    CALL_FSYNC,
    CALL_FDATASYNC,
    CALL_FTRUNCATE,
    CALL_ACCEPT4,
    CALL_OPEN,
    CALL_SQLITE3_PREPARE,
    CALL_SQLITE3_STEP,
    CALL_ZMQ_SOCKET,
    CALL_ZMQ_CONNECT,
    CALL_ZMQ_SEND,
    CALL_ZMQ_MSG_SEND,
    CALL_ZMQ_MSG_RECV,
    CALL_GNUTLS_INIT,
    CALL_GNUTLS_HANDSHAKE,
    CALL_GNUTLS_RECORD_SEND,
    CALL_GNUTLS_RECORD_RECV,
    CALLS
} call_t;

static const char s_names[CALLS][NAME_SIZE] = {"malloc", "calloc", "realloc", "memalign", "write",
    "pwrite", "writev", "send", "sendmsg", "recv", "fsync", "fdatasync", "ftruncate", "accept4",
    "open", "sqlite3_prepare", "sqlite3_step", "zmq_socket", "zmq_connect", "zmq_send",
    "zmq_msg_send", "zmq_msg_recv", "gnutls_init", "gnutls_handshake", "gnutls_record_send",
    "gnutls_record_recv"};

//  The mapped file; fault_control.py knows this layout.
typedef struct {
    atomic_uint armed;  //  the place of a name, from 1 on; 0: no fault
    atomic_int error;   //  what the call fails with
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

//  Find the next definition of a function, once.
#define NEXT(name)                                                                                 \
    static __typeof__ (name) *next;                                                                \
    if (!next)                                                                                     \
    *(void **) &next = dlsym (RTLD_NEXT, #name)

static void __attribute__ ((constructor)) s_set_up (void)
{
    const char *path = getenv ("FAULT_SHIM_CONTROL");
    void *frames[FRAMES_MAX];
    (void) backtrace (
        frames, FRAMES_MAX);  //  loads what it needs now, rather than in an allocation
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

//  Count a call. Return true, with errno set, if it is the one that must fail.
static bool
s_fails (call_t call)
{
    unsigned long long number = atomic_fetch_add (&s_control->counts[call], 1) + 1;
    if (atomic_load (&s_control->armed) != call + 1 || number != atomic_load (&s_control->target))
        return false;
    s_tell_where ();
    atomic_fetch_add (&s_control->hits, 1);
    errno = atomic_load (&s_control->error);
    return true;
}

//  Return the error of a function that returns it rather than setting errno.
static int
s_error (void)
{
    return atomic_load (&s_control->error);
}

EXPORT void *
malloc (size_t size)
{
    return s_fails (CALL_MALLOC) ? NULL : __libc_malloc (size);
}

EXPORT void *
calloc (size_t count, size_t size)
{
    return s_fails (CALL_CALLOC) ? NULL : __libc_calloc (count, size);
}

EXPORT void *
realloc (void *bytes, size_t size)
{
    return s_fails (CALL_REALLOC) ? NULL : __libc_realloc (bytes, size);
}

EXPORT void *
aligned_alloc (size_t alignment, size_t size)
{
    return s_fails (CALL_MEMALIGN) ? NULL : __libc_memalign (alignment, size);
}

EXPORT int
posix_memalign (void **bytes, size_t alignment, size_t size)
{
    if (s_fails (CALL_MEMALIGN))
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
    return s_is_fallible (fd) && s_fails (CALL_WRITE) ? -1 : next (fd, bytes, size);
}

EXPORT ssize_t
pwrite64 (int fd, const void *bytes, size_t size, off64_t offset)
{
    NEXT (pwrite64);
    return s_fails (CALL_PWRITE) ? -1 : next (fd, bytes, size, offset);
}

EXPORT ssize_t
pwrite (int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite64 (fd, bytes, size, offset);
}

//  Count a call on a socket. One that fails because the connection is gone finds it gone from then on.
static bool
s_fails_on (call_t call, int fd)
{
    if (!s_fails (call))
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
    return s_fails (CALL_FSYNC) ? -1 : next (fd);
}

EXPORT int
fdatasync (int fd)
{
    NEXT (fdatasync);
    return s_fails (CALL_FDATASYNC) ? -1 : next (fd);
}

EXPORT int
ftruncate64 (int fd, off64_t size)
{
    NEXT (ftruncate64);
    return s_fails (CALL_FTRUNCATE) ? -1 : next (fd, size);
}

EXPORT int
accept4 (int fd, __SOCKADDR_ARG address, socklen_t *size, int flags)
{
    NEXT (accept4);
    return s_fails (CALL_ACCEPT4) ? -1 : next (fd, address, size, flags);
}

EXPORT int
open64 (const char *path, int flags, ...)
{
    NEXT (open64);
    va_list arguments;
    va_start (arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg (arguments, mode_t) : 0;
    va_end (arguments);
    return s_fails (CALL_OPEN) ? -1 : next (path, flags, mode);
}

EXPORT int
open (const char *path, int flags, ...)
{
    NEXT (open);
    va_list arguments;
    va_start (arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg (arguments, mode_t) : 0;
    va_end (arguments);
    return s_fails (CALL_OPEN) ? -1 : next (path, flags, mode);
}

//  SQLite: a statement whose step failed returns the error from its reset as well, and its database
//  tells the error until its next call.

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;
sqlite3 *sqlite3_db_handle (sqlite3_stmt *statement);
int sqlite3_prepare_v2 (sqlite3 *, const char *, int, sqlite3_stmt **, const char **);
int sqlite3_prepare_v3 (sqlite3 *, const char *, int, unsigned, sqlite3_stmt **, const char **);
int sqlite3_step (sqlite3_stmt *statement);
int sqlite3_reset (sqlite3_stmt *statement);
int sqlite3_finalize (sqlite3_stmt *statement);
int sqlite3_exec (
    sqlite3 *, const char *, int (*) (void *, int, char **, char **), void *, char **);
int sqlite3_errcode (sqlite3 *database);
int sqlite3_extended_errcode (sqlite3 *database);
const char *sqlite3_errmsg (sqlite3 *database);
const char *sqlite3_errstr (int result);
#pragma weak sqlite3_db_handle
#pragma weak sqlite3_errstr

static _Thread_local struct {
    sqlite3 *database;
    sqlite3_stmt *statement;
    int result;
} s_sqlite;

//  sqlite3_exec prepares and steps by these functions too: it fails as a whole.
static _Thread_local bool s_is_executing;

static int
s_fail_sqlite (sqlite3 *database, sqlite3_stmt *statement)
{
    s_sqlite.database = database;
    s_sqlite.statement = statement;
    s_sqlite.result = s_error ();
    return s_sqlite.result;
}

EXPORT int
sqlite3_prepare_v2 (
    sqlite3 *database, const char *sql, int size, sqlite3_stmt **statement, const char **rest)
{
    NEXT (sqlite3_prepare_v2);
    *statement = NULL;
    s_sqlite.database = NULL;
    return !s_is_executing && s_fails (CALL_SQLITE3_PREPARE)
               ? s_fail_sqlite (database, NULL)
               : next (database, sql, size, statement, rest);
}

EXPORT int
sqlite3_prepare_v3 (sqlite3 *database, const char *sql, int size, unsigned flags,
    sqlite3_stmt **statement, const char **rest)
{
    NEXT (sqlite3_prepare_v3);
    *statement = NULL;
    s_sqlite.database = NULL;
    return !s_is_executing && s_fails (CALL_SQLITE3_PREPARE)
               ? s_fail_sqlite (database, NULL)
               : next (database, sql, size, flags, statement, rest);
}

EXPORT int
sqlite3_step (sqlite3_stmt *statement)
{
    NEXT (sqlite3_step);
    s_sqlite.database = NULL;
    return !s_is_executing && s_fails (CALL_SQLITE3_STEP)
               ? s_fail_sqlite (sqlite3_db_handle (statement), statement)
               : next (statement);
}

EXPORT int
sqlite3_exec (sqlite3 *database, const char *sql, int (*row) (void *, int, char **, char **),
    void *context, char **message)
{
    NEXT (sqlite3_exec);
    s_sqlite.database = NULL;
    if (s_fails (CALL_SQLITE3_STEP))
        return s_fail_sqlite (database, NULL);
    s_is_executing = true;
    int result = next (database, sql, row, context, message);
    s_is_executing = false;
    return result;
}

EXPORT int
sqlite3_reset (sqlite3_stmt *statement)
{
    NEXT (sqlite3_reset);
    int result = next (statement);
    return s_sqlite.database && s_sqlite.statement == statement ? s_sqlite.result : result;
}

EXPORT int
sqlite3_finalize (sqlite3_stmt *statement)
{
    NEXT (sqlite3_finalize);
    int result = next (statement);
    return s_sqlite.database && s_sqlite.statement == statement ? s_sqlite.result : result;
}

EXPORT int
sqlite3_errcode (sqlite3 *database)
{
    NEXT (sqlite3_errcode);
    return s_sqlite.database && s_sqlite.database == database ? s_sqlite.result : next (database);
}

EXPORT const char *
sqlite3_errmsg (sqlite3 *database)
{
    NEXT (sqlite3_errmsg);
    return s_sqlite.database && s_sqlite.database == database ? sqlite3_errstr (s_sqlite.result)
                                                              : next (database);
}

//  ZeroMQ: only the first part of a message may fail.

typedef struct {
    unsigned char bytes[64];
} zmq_msg_t;
int zmq_send (void *socket, const void *bytes, size_t size, int flags);
int zmq_msg_send (zmq_msg_t *message, void *socket, int flags);
int zmq_msg_recv (zmq_msg_t *message, void *socket, int flags);
int zmq_msg_more (const zmq_msg_t *message);
int zmq_connect (void *socket, const char *endpoint);
void *zmq_socket (void *context, int type);
#pragma weak zmq_msg_more

static _Thread_local void *s_sending;    //  the socket in the middle of a message
static _Thread_local void *s_receiving;  //  likewise

//  Note the result of sending a part, and return it.
static int
s_note_sent (void *socket, int flags, int result)
{
    s_sending = result >= 0 && (flags & ZMQ_SNDMORE) ? socket : NULL;
    return result;
}

EXPORT int
zmq_send (void *socket, const void *bytes, size_t size, int flags)
{
    NEXT (zmq_send);
    if (s_sending != socket && s_fails (CALL_ZMQ_SEND))
        return -1;
    return s_note_sent (socket, flags, next (socket, bytes, size, flags));
}

EXPORT int
zmq_msg_send (zmq_msg_t *message, void *socket, int flags)
{
    NEXT (zmq_msg_send);
    if (s_sending != socket && s_fails (CALL_ZMQ_MSG_SEND))
        return -1;
    return s_note_sent (socket, flags, next (message, socket, flags));
}

EXPORT int
zmq_msg_recv (zmq_msg_t *message, void *socket, int flags)
{
    NEXT (zmq_msg_recv);
    if (s_receiving != socket && s_fails (CALL_ZMQ_MSG_RECV))
        return -1;
    int result = next (message, socket, flags);
    s_receiving = result >= 0 && zmq_msg_more (message) ? socket : NULL;
    return result;
}

EXPORT int
zmq_connect (void *socket, const char *endpoint)
{
    NEXT (zmq_connect);
    return s_fails (CALL_ZMQ_CONNECT) ? -1 : next (socket, endpoint);
}

EXPORT void *
zmq_socket (void *context, int type)
{
    NEXT (zmq_socket);
    return s_fails (CALL_ZMQ_SOCKET) ? NULL : next (context, type);
}

//  GnuTLS returns its errors.

typedef struct gnutls_session_int *gnutls_session_t;
int gnutls_init (gnutls_session_t *session, unsigned flags);
int gnutls_handshake (gnutls_session_t session);
ssize_t gnutls_record_send (gnutls_session_t session, const void *bytes, size_t size);
ssize_t gnutls_record_recv (gnutls_session_t session, void *bytes, size_t size);

EXPORT int
gnutls_init (gnutls_session_t *session, unsigned flags)
{
    NEXT (gnutls_init);
    if (!s_fails (CALL_GNUTLS_INIT))
        return next (session, flags);
    *session = NULL;
    return s_error ();
}

EXPORT int
gnutls_handshake (gnutls_session_t session)
{
    NEXT (gnutls_handshake);
    return s_fails (CALL_GNUTLS_HANDSHAKE) ? s_error () : next (session);
}

EXPORT ssize_t
gnutls_record_send (gnutls_session_t session, const void *bytes, size_t size)
{
    NEXT (gnutls_record_send);
    return s_fails (CALL_GNUTLS_RECORD_SEND) ? s_error () : next (session, bytes, size);
}

EXPORT ssize_t
gnutls_record_recv (gnutls_session_t session, void *bytes, size_t size)
{
    NEXT (gnutls_record_recv);
    return s_fails (CALL_GNUTLS_RECORD_RECV) ? s_error () : next (session, bytes, size);
}
