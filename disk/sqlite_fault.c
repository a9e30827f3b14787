//  SPDX-License-Identifier: Apache-2.0
#include "disk/sqlite_fault.h"

#include <errno.h>
#include <sqlite3.h>
#include <stddef.h>

#define FULL "the disk is full: make room on it; nothing that was accepted is lost"
#define READ_ONLY "it cannot be written: see whether its file system is mounted read-only"
#define NOT_ALLOWED                                                                                \
    "this user may not use it: change the owner of the directory and of all in it (chown)"
#define TOO_MANY                                                                                   \
    "too many files are open: raise the limit (ulimit -n, LimitNOFILE), or use fewer partitions"
#define BROKEN_DISK                                                                                \
    "its disk reports an error: look at the disk (dmesg, smartctl) before anything else"
#define IN_USE "another process has it open: end that one, or use another directory"

//  Return NULL for an error that has no sentence of its own.
static const char *
s_of_system (int system_error)
{
    switch (system_error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return FULL;
    case EROFS:
        return READ_ONLY;
    case EACCES:
    case EPERM:
        return NOT_ALLOWED;
    case EMFILE:
    case ENFILE:
        return TOO_MANY;
    case EIO:
        return BROKEN_DISK;
    default:
        return NULL;
    }
}

const char *
sqlite_fault_of_system (int system_error)
{
    const char *fault = s_of_system (system_error);
    return fault ? fault : "it cannot be opened: see that it and its directory are there";
}

const char *
sqlite_fault (int result, int system_error, const char *otherwise)
{
    switch (result & 0xff) {
    case SQLITE_FULL:
        return FULL;
    case SQLITE_READONLY:
        return system_error == EACCES || system_error == EPERM ? NOT_ALLOWED : READ_ONLY;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return NOT_ALLOWED;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return IN_USE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return SQLITE_FAULT_DAMAGED;
    case SQLITE_NOMEM:
        return "there is no memory left: give the process more, or use fewer partitions";
    case SQLITE_CANTOPEN:
        return sqlite_fault_of_system (system_error);
    case SQLITE_IOERR:
        return s_of_system (system_error) ? s_of_system (system_error) : BROKEN_DISK;
    default:
        return otherwise;
    }
}
