//  SPDX-License-Identifier: Apache-2.0
#include "common/access/watched_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

static file_trace_t
s_trace (const struct stat *status)
{
    file_trace_t trace = {.device = status->st_dev,
        .inode = status->st_ino,
        .size = status->st_size,
        .modified = status->st_mtim,
        .changed = status->st_ctim};
    return trace;
}

static bool
s_is_same_time (const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
s_is_same (const file_trace_t *a, const file_trace_t *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           s_is_same_time (&a->modified, &b->modified) && s_is_same_time (&a->changed, &b->changed);
}

//  Read bytes until the end of a file, one more than the limit at most. Return -1 with errno set on
//  failure.
static ssize_t
s_read_all (int fd, char *bytes, size_t limit)
{
    size_t size = 0;
    while (size <= limit) {
        ssize_t count = read (fd, bytes + size, limit + 1 - size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        size += (size_t) count;
    }
    return (ssize_t) size;
}

//  Return NULL if an open file may be used, or a sentence about the fault.
static const char *
s_check (const struct stat *status, watched_file_bar_t bar)
{
    if (!S_ISREG (status->st_mode))
        return "it is no regular file";
    if (status->st_mode & S_IWOTH)
        return "every user of this machine may write to it; try chmod 600";
    if (status->st_mode & (mode_t) bar)
        return "every user of this machine may read it; try chmod 600";
    return NULL;
}

//  Read an open file. Return NULL and a sentence if that fails.
static char *
s_read (int fd, watched_file_bar_t bar, size_t limit, size_t *size, file_trace_t *trace,
    char fault[WATCHED_FILE_FAULT_SIZE])
{
    struct stat status;
    if (fstat (fd, &status) != 0) {
        g_snprintf (fault, WATCHED_FILE_FAULT_SIZE, "%s", g_strerror (errno));
        return NULL;
    }
    //  Take the trace before the bytes: if the file is being written now, the next look finds
    //  another.
    *trace = s_trace (&status);
    const char *reason = s_check (&status, bar);
    char *bytes = g_malloc (limit + 1);
    ssize_t count = reason ? 0 : s_read_all (fd, bytes, limit);
    if (count < 0)
        reason = g_strerror (errno);
    if (reason)
        g_snprintf (fault, WATCHED_FILE_FAULT_SIZE, "%s", reason);
    else if ((size_t) count > limit)
        g_snprintf (fault, WATCHED_FILE_FAULT_SIZE, "it is larger than %zu bytes", limit);
    if (reason || (size_t) count > limit) {
        g_free (bytes);
        return NULL;
    }
    bytes[count] = '\0';
    *size = (size_t) count;
    return bytes;
}

char *
watched_file_read (const char *path, watched_file_bar_t bar, size_t limit, size_t *size,
    file_trace_t *trace, char fault[WATCHED_FILE_FAULT_SIZE])
{
    //  Opening a FIFO must not wait for its writer.
    int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    *trace = (file_trace_t){0};
    if (fd < 0) {
        g_snprintf (fault, WATCHED_FILE_FAULT_SIZE, "%s", g_strerror (errno));
        return NULL;
    }
    char *bytes = s_read (fd, bar, limit, size, trace, fault);
    close (fd);
    return bytes;
}

file_trace_t
watched_file_trace (const char *path)
{
    struct stat status;
    return stat (path, &status) == 0 ? s_trace (&status) : (file_trace_t){0};
}

bool
watched_file_has_changed (const char *path, const file_trace_t *trace)
{
    file_trace_t now = watched_file_trace (path);
    return !s_is_same (&now, trace);
}
