//  SPDX-License-Identifier: Apache-2.0
#include "gateway/access/token_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/process/log.h"

//  The signs of a changed file.
typedef struct {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
    struct timespec changed;
} trace_t;

struct token_keeper {
    char *path;
    trace_t trace;  //  of the file when it was last read, or zeros
    atomic_uint version;
    pthread_mutex_t mutex;  //  guards list
    token_list_t *list;
};

static trace_t
s_trace (const struct stat *status)
{
    trace_t trace = {.device = status->st_dev,
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
s_is_same (const trace_t *a, const trace_t *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           s_is_same_time (&a->modified, &b->modified) && s_is_same_time (&a->changed, &b->changed);
}

//  Read bytes until the end of a file, one more than the limit at most. Return -1 with errno set on
//  failure.
static ssize_t
s_read_all (int fd, char *bytes)
{
    size_t size = 0;
    while (size <= TOKEN_FILE_MAX_BYTES) {
        ssize_t count = read (fd, bytes + size, TOKEN_FILE_MAX_BYTES + 1 - size);
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

//  Return NULL if an open file may be a token file, or a sentence about the fault.
static const char *
s_check (const struct stat *status)
{
    if (!S_ISREG (status->st_mode))
        return "it is no regular file";
    if (status->st_mode & S_IWOTH)
        return "every user of this machine may write to it; try chmod 600";
    return NULL;
}

//  Read an open file. Return NULL and a sentence if that fails.
static token_list_t *
s_read (token_keeper_t *self, int fd, char fault[TOKEN_LIST_FAULT_SIZE])
{
    struct stat status;
    if (fstat (fd, &status) != 0) {
        g_snprintf (fault, TOKEN_LIST_FAULT_SIZE, "%s", g_strerror (errno));
        return NULL;
    }
    //  Taken before the bytes: if somebody is writing now, the next look finds another trace.
    self->trace = s_trace (&status);
    const char *reason = s_check (&status);
    char *bytes = g_malloc (TOKEN_FILE_MAX_BYTES + 1);
    ssize_t size = reason ? 0 : s_read_all (fd, bytes);
    if (size < 0)
        reason = g_strerror (errno);
    else if (size > TOKEN_FILE_MAX_BYTES)
        reason = "it is larger than " G_STRINGIFY (TOKEN_FILE_MAX_BYTES) " bytes";
    token_list_t *list = NULL;
    if (reason)
        g_snprintf (fault, TOKEN_LIST_FAULT_SIZE, "%s", reason);
    else
        list = token_list_read (text_of (bytes, (size_t) size), g_get_real_time (), fault);
    g_free (bytes);
    return list;
}

static token_list_t *
s_load (token_keeper_t *self, char fault[TOKEN_LIST_FAULT_SIZE])
{
    //  Opening a FIFO must not wait for its writer.
    int fd = open (self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        g_snprintf (fault, TOKEN_LIST_FAULT_SIZE, "%s", g_strerror (errno));
        self->trace = (trace_t){0};
        return NULL;
    }
    token_list_t *list = s_read (self, fd, fault);
    close (fd);
    return list;
}

static void
s_publish (token_keeper_t *self, token_list_t *list)
{
    pthread_mutex_lock (&self->mutex);
    token_list_unref (&self->list);
    self->list = list;
    atomic_fetch_add (&self->version, 1);
    pthread_mutex_unlock (&self->mutex);
}

token_keeper_t *
token_keeper_new (const char *path)
{
    char fault[TOKEN_LIST_FAULT_SIZE];
    token_keeper_t *self = g_new0 (token_keeper_t, 1);
    self->path = g_strdup (path);
    pthread_mutex_init (&self->mutex, NULL);
    self->list = s_load (self, fault);
    if (self->list)
        log_event (LOG_INFO, "read the token file", "path=%s tokens=%zu", path, self->list->count);
    else {
        log_event (LOG_ERROR, "cannot use the token file", "path=%s reason=%s", path, fault);
        token_keeper_destroy (&self);
    }
    return self;
}

void
token_keeper_destroy (token_keeper_t **self_p)
{
    token_keeper_t *self = *self_p;
    if (!self)
        return;
    token_list_unref (&self->list);
    pthread_mutex_destroy (&self->mutex);
    g_free (self->path);
    g_free (self);
    *self_p = NULL;
}

//  Return true if the file is not the one that was read last, or has gone since.
static bool
s_has_changed (const token_keeper_t *self)
{
    struct stat status;
    trace_t trace = {0};
    if (stat (self->path, &status) == 0)
        trace = s_trace (&status);
    return !s_is_same (&trace, &self->trace);
}

static void
s_reload (token_keeper_t *self)
{
    char fault[TOKEN_LIST_FAULT_SIZE];
    token_list_t *list = s_load (self, fault);
    if (list) {
        log_event (
            LOG_INFO, "read the token file again", "path=%s tokens=%zu", self->path, list->count);
        s_publish (self, list);
    }
    else
        log_event (LOG_WARN, "cannot use the changed token file; the earlier tokens stay",
            "path=%s reason=%s", self->path, fault);
}

void
token_keeper_look (token_keeper_t *self, bool is_asked)
{
    if (is_asked || s_has_changed (self))
        s_reload (self);
    //  This thread alone replaces the list.
    if (token_list_is_outdated (self->list, g_get_real_time ()))
        s_publish (self, token_list_update (self->list, g_get_real_time ()));
}

unsigned
token_keeper_version (const token_keeper_t *self)
{
    return atomic_load_explicit (&self->version, memory_order_acquire);
}

token_list_t *
token_keeper_list (token_keeper_t *self, unsigned *version)
{
    pthread_mutex_lock (&self->mutex);
    token_list_t *list = token_list_ref (self->list);
    *version = atomic_load (&self->version);
    pthread_mutex_unlock (&self->mutex);
    return list;
}
