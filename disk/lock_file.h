//  A file whose lock (flock) says that somebody is at work: the kernel drops it when the process
//  dies, however it dies. A lock is a hint to those who keep to it; what must not be written twice
//  is also guarded by an epoch.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LOCK_FILE_H
#define DOWNLINK_LOCK_FILE_H

#include <stdbool.h>

typedef enum {
    LOCK_FILE_WAIT,  //  wait for LOCK_FILE_PATIENCE_MS; the log names the holder after a second
    LOCK_FILE_TRY,   //  give up at once
} lock_file_t;

#define LOCK_FILE_PATIENCE_MS 5000

//  Open a file, made for this user alone if it is not there, and lock it. Returns a descriptor,
//  which is not inherited by other programs: close it to unlock. -1 with errno set; EWOULDBLOCK if
//  somebody has it locked.
int lock_file_take (const char *path, lock_file_t how);

//  Log that this process waits for the lock, and which process holds it.
void lock_file_tell_holder (const char *path);

//  True if somebody has the file locked, or that cannot be found out. False if nobody has, or there
//  is no such file. Looking at it never keeps anybody else from looking.
bool lock_file_is_taken (const char *path);

//  A new name is on disk once its directory is.
bool directory_sync (const char *path) __attribute__ ((warn_unused_result));

#endif
