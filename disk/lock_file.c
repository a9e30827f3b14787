//  SPDX-License-Identifier: Apache-2.0
#include "disk/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/process/clock.h"
#include "common/process/log.h"
#include "disk/lock_holder.h"
#include "disk/private_directory.h"

#define TRY_INTERVAL_US (10 * 1000)
#define TELL_AFTER_MS 1000

//  Try to lock until LOCK_FILE_PATIENCE_MS are over. The log names the holder after a second.
static bool
s_await (int fd, const char *path)
{
    int64_t now_ms = clock_ms ();
    int64_t until_ms = now_ms + LOCK_FILE_PATIENCE_MS;
    int64_t tell_at_ms = now_ms + TELL_AFTER_MS;
    while (flock (fd, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;
        now_ms = clock_ms ();
        if (now_ms >= tell_at_ms) {
            lock_file_tell_holder (path);
            tell_at_ms = INT64_MAX;
        }
        errno = error;
        if (now_ms >= until_ms || (error != EWOULDBLOCK && error != EINTR))
            return false;
        g_usleep (TRY_INTERVAL_US);
    }
    return true;
}

int
lock_file_take (const char *path, lock_file_t how)
{
    int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    bool is_locked = how == LOCK_FILE_TRY ? flock (fd, LOCK_EX | LOCK_NB) == 0 : s_await (fd, path);
    if (is_locked) {
        private_directory_tighten_file (path);
        return fd;
    }
    int error = errno;
    close (fd);
    errno = error;
    return -1;
}

void
lock_file_tell_holder (const char *path)
{
    char holder[LOCK_HOLDER_SIZE];
    lock_holder_print (path, holder);
    log_event (LOG_WARN, "waits for a lock that another process holds",
        "file=%s holder=%s advice=%s", path, holder,
        "if that process hangs or should not hold it, end it");
}

bool
lock_file_is_taken (const char *path)
{
    int fd = open (path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno != ENOENT;
    //  A shared lock keeps two processes that ask at once from taking each other for the holder.
    bool is_taken = flock (fd, LOCK_SH | LOCK_NB) != 0;
    close (fd);
    return is_taken;
}

bool
lock_file_sync_directory (const char *path)
{
    int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync (fd) == 0;
    if (fd >= 0)
        close (fd);
    return good;
}
