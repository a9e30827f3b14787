//  SPDX-License-Identifier: Apache-2.0
#include "gateway/journal/slot.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/process/advice.h"
#include "common/process/log.h"
#include "disk/lock_file.h"
#include "disk/private_directory.h"

#define SLOTS_MAX 10000
#define SYNCED "fsync\n"
#define NOT_SYNCED "os\n"

struct slot {
    char *path;
    int lock_fd;
    bool was_synced;
};

//  Lock the lock file of a directory, as lock_file_take does.
static int
s_lock (const char *directory, lock_file_t how)
{
    char *path = g_build_filename (directory, "lock", NULL);
    int fd = lock_file_take (path, how);
    int error = errno;
    g_free (path);
    errno = error;
    return fd;
}

//  Lock the directory: one process at a time takes slots. Return -1 with errno set on failure.
static int
s_lock_directory (const char *directory, lock_file_t how)
{
    int fd = s_lock (directory, how);
    int error = errno;
    if (fd < 0 && !(how == LOCK_FILE_TRY && error == EWOULDBLOCK))
        log_event (LOG_ERROR, "cannot use the journal directory",
            "directory=%s reason=%s advice=%s", directory, g_strerror (errno),
            advice_directory (errno));
    errno = error;
    return fd;
}

static bool
s_write_mode (int fd, bool is_synced)
{
    const char *mode = is_synced ? SYNCED : NOT_SYNCED;
    return write (fd, mode, strlen (mode)) == (ssize_t) strlen (mode) && fsync (fd) == 0;
}

//  Create and lock a slot. The directory must be locked.
static slot_t *
s_make (const char *directory, bool is_synced)
{
    for (unsigned number = 0; number < SLOTS_MAX; number++) {
        char *path = g_strdup_printf ("%s/slot-%04u", directory, number);
        if (g_mkdir (path, 0700) == 0) {
            slot_t *self = g_new0 (slot_t, 1);
            self->path = path;
            self->was_synced = is_synced;
            self->lock_fd = s_lock (path, LOCK_FILE_TRY);
            if (self->lock_fd >= 0 && s_write_mode (self->lock_fd, is_synced) &&
                lock_file_sync_directory (path) && lock_file_sync_directory (directory))
                return self;
            int error = errno;
            slot_remove (&self);
            errno = error;
            return NULL;
        }
        g_free (path);
        if (errno != EEXIST)
            return NULL;
    }
    errno = EMFILE;
    return NULL;
}

slot_t *
slot_new (const char *directory, bool is_synced)
{
    int directory_fd = private_directory_make (directory, "journal directory", "slot-")
                           ? s_lock_directory (directory, LOCK_FILE_WAIT)
                           : -1;
    if (directory_fd < 0)
        return NULL;
    slot_t *self = s_make (directory, is_synced);
    if (!self)
        log_event (LOG_ERROR, "cannot make a slot in the journal directory",
            "directory=%s reason=%s advice=%s", directory, g_strerror (errno),
            advice_directory (errno));
    close (directory_fd);
    return self;
}

//  Lock and return a slot, or return NULL if another process uses it.
static slot_t *
s_take (const char *path)
{
    int fd = s_lock (path, LOCK_FILE_TRY);
    if (fd < 0)
        return NULL;
    slot_t *self = g_new0 (slot_t, 1);
    char mode[16] = {0};
    ssize_t size = read (fd, mode, sizeof mode - 1);
    self->path = g_strdup (path);
    self->lock_fd = fd;
    self->was_synced = size > 0 && strcmp (mode, SYNCED) == 0;
    return self;
}

//  Its gateway died before it created a journal.
static bool
s_has_journal (const slot_t *self)
{
    char *path = slot_journal_path (self);
    bool is_there = g_file_test (path, G_FILE_TEST_EXISTS);
    g_free (path);
    return is_there;
}

GPtrArray *
slot_take_over_all (const char *directory, bool may_wait)
{
    if (may_wait && !private_directory_make (directory, "journal directory", "slot-"))
        return NULL;
    int directory_fd = s_lock_directory (directory, may_wait ? LOCK_FILE_WAIT : LOCK_FILE_TRY);
    if (directory_fd < 0 && errno == EWOULDBLOCK && !may_wait)
        return g_ptr_array_new ();
    GDir *entries = directory_fd >= 0 ? g_dir_open (directory, 0, NULL) : NULL;
    if (!entries) {
        if (directory_fd >= 0)
            close (directory_fd);
        return NULL;
    }
    GPtrArray *slots = g_ptr_array_new ();
    const char *name;
    while ((name = g_dir_read_name (entries))) {
        char *path = g_build_filename (directory, name, NULL);
        slot_t *slot = g_str_has_prefix (name, "slot-") ? s_take (path) : NULL;
        if (slot && s_has_journal (slot))
            g_ptr_array_add (slots, slot);
        else if (slot)
            slot_remove (&slot);
        g_free (path);
    }
    g_dir_close (entries);
    close (directory_fd);
    return slots;
}

const char *
slot_path (const slot_t *self)
{
    return self->path;
}

char *
slot_journal_path (const slot_t *self)
{
    return g_build_filename (self->path, "journal.sqlite", NULL);
}

bool
slot_was_synced (const slot_t *self)
{
    return self->was_synced;
}

void
slot_release (slot_t **self_p)
{
    slot_t *self = *self_p;
    if (!self)
        return;
    if (self->lock_fd >= 0)
        close (self->lock_fd);
    g_free (self->path);
    g_free (self);
    *self_p = NULL;
}

void
slot_remove (slot_t **self_p)
{
    //  Remove the file before its log, and the lock last, which is held until then.
    static const char *const names[] = {"journal.sqlite", "journal.sqlite-wal", "lock"};
    for (size_t index = 0; index < G_N_ELEMENTS (names); index++) {
        char *path = g_build_filename ((*self_p)->path, names[index], NULL);
        g_unlink (path);
        g_free (path);
    }
    g_rmdir ((*self_p)->path);
    slot_release (self_p);
}

void
slot_leave (slot_t **self_p, bool is_empty)
{
    if (is_empty)
        slot_remove (self_p);
    else
        slot_release (self_p);
}
