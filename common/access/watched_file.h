//  Read small files that an operator may change while a program runs, and notice changes. Any
//  thread may call these functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WATCHED_FILE_H
#define DOWNLINK_WATCHED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

#define WATCHED_FILE_FAULT_SIZE 160  //  of a sentence about a fault

//  The properties of a file that show a change. Zeros: the file did not exist.
typedef struct {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
    struct timespec changed;
} file_trace_t;

//  The rights that other users of the machine must not have to the file.
typedef enum {
    WATCHED_FILE_WRITING = S_IWOTH,
    WATCHED_FILE_READING = S_IROTH | S_IWOTH,
} watched_file_bar_t;

//  Read a regular file of at most limit bytes, and set its trace. Return its bytes, followed by a
//  zero byte; the caller frees them with g_free. Return NULL on failure, and write a sentence.
//  Never wait for the writer of a pipe.
char *watched_file_read (const char *path, watched_file_bar_t bar, size_t limit, size_t *size,
    file_trace_t *trace, char fault[WATCHED_FILE_FAULT_SIZE]);

//  Return the present trace of a file.
file_trace_t watched_file_trace (const char *path);

//  Return true if the file has changed, or was removed, since this trace was taken.
bool watched_file_has_changed (const char *path, const file_trace_t *trace);

#endif
