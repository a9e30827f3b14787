//  A file whose lock (flock) shows that a process is at work. The kernel drops the lock when the
//  process dies. A lock binds only processes that ask for it, so epochs guard the data as well.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LOCK_FILE_H
#define DOWNLINK_LOCK_FILE_H

#include <stdbool.h>

typedef enum {
    LOCK_FILE_WAIT,  //  wait for LOCK_FILE_PATIENCE_MS; the log names the holder after a second
    LOCK_FILE_TRY,   //  give up at once
} lock_file_t;

#define LOCK_FILE_PATIENCE_MS 5000

//  Open a file, or create it for this user alone, and lock it. Return a descriptor that other
//  programs do not inherit; close it to unlock. Return -1 with errno set on failure; EWOULDBLOCK if
//  another process holds the lock.
int lock_file_take (const char *path, lock_file_t how);

//  Log that this process waits for the lock, with its holder.
void lock_file_tell_holder (const char *path);

//  Return true if a process holds the lock, or may hold it. Return false if no process does, or the
//  file is missing. Several processes can ask at the same time.
bool lock_file_is_taken (const char *path);

//  Sync a directory, which brings new names in it to disk.
bool lock_file_sync_directory (const char *path) __attribute__ ((warn_unused_result));

#endif
