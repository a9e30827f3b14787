//  SPDX-License-Identifier: Apache-2.0
#include "common/process/advice.h"

#include <errno.h>

const char *
advice_thread (void)
{
    return "raise the limit of threads (ulimit -u, TasksMax= of systemd, --pids-limit of docker), "
           "or give the process more memory";
}

const char *
advice_listen (int error)
{
    switch (error) {
    case EADDRINUSE:
        return "another program listens there: end it (ss -ltnp shows which), or choose another "
               "port";
    case EACCES:
    case EPERM:
        return "ports below 1024 need root or CAP_NET_BIND_SERVICE: choose a higher one";
    case EADDRNOTAVAIL:
    case EINVAL:
    case ENODEV:
        return "this machine has no such address: give one of its own (ip address shows them), or "
               "0.0.0.0 for all";
    case EAGAIN:
        return advice_thread ();  //  a socket has a thread, the doorkeeper
    default:
        return "give an address and a port of this machine";
    }
}

const char *
advice_directory (int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return "this user may not write there: change its owner, or choose another directory";
    case EROFS:
        return "its file system is read-only: choose another directory";
    case ENOSPC:
    case EDQUOT:
        return "the disk is full: make room, nothing that was accepted is lost";
    case EMFILE:
    case ENFILE:
        return "too many files are open: raise the limit (ulimit -n, LimitNOFILE), or use fewer "
               "partitions or processes";
    case EIO:
        return "the disk reports an error: look at it (dmesg, smartctl) before anything else";
    case ENOTDIR:
    case EEXIST:
        return "there is a file where a directory should be: move it, or choose another directory";
    case EWOULDBLOCK:
        return "another process uses it: end that one, or choose another directory";
    default:
        return "see that it is there, that it can be written, and that its disk is well";
    }
}

const char *
advice_file (const GError *error)
{
    static const struct {
        int code, error;
    } known[] = {{G_FILE_ERROR_NOSPC, ENOSPC}, {G_FILE_ERROR_ROFS, EROFS},
        {G_FILE_ERROR_ACCES, EACCES}, {G_FILE_ERROR_PERM, EPERM}, {G_FILE_ERROR_MFILE, EMFILE},
        {G_FILE_ERROR_NFILE, ENFILE}, {G_FILE_ERROR_IO, EIO}, {G_FILE_ERROR_NOTDIR, ENOTDIR}};
    for (size_t index = 0; index < G_N_ELEMENTS (known); index++)
        if (g_error_matches (error, G_FILE_ERROR, known[index].code))
            return advice_directory (known[index].error);
    return advice_directory (0);
}
