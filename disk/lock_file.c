//  SPDX-License-Identifier: Apache-2.0
#include "disk/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

int
lock_file_take (const char *path, lock_file_t how)
{
    int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0 && flock (fd, LOCK_EX | (how == LOCK_FILE_TRY ? LOCK_NB : 0)) != 0) {
        int error = errno;
        close (fd);
        fd = -1;
        errno = error;
    }
    return fd;
}

bool
lock_file_is_taken (const char *path)
{
    int fd = open (path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno != ENOENT;
    //  Shared, so that two who look at the same moment do not take each other for the owner.
    bool is_taken = flock (fd, LOCK_SH | LOCK_NB) != 0;
    close (fd);
    return is_taken;
}

bool
directory_sync (const char *path)
{
    int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync (fd) == 0;
    if (fd >= 0)
        close (fd);
    return good;
}
