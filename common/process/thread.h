//  Starts threads. Every thread of ours but the log's starts here, so a limit of threads (ulimit
//  -u, pids.max) is an ordinary failure:
//
//    at the start of a program    a line in the log, and the end with EXIT_FAILURE
//    later                        the work waits and is tried again, or its request is refused
//
//  A thread gets a name for debuggers and top, and inherits the signals that its creator blocks.
//  Its creator joins or detaches it (pthread_join, pthread_detach). Any thread may call these
//  functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_THREAD_H
#define DOWNLINK_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#define THREAD_NAME_SIZE 16  //  with the zero byte; the kernel cuts a longer name

typedef void *(thread_fn) (void *context);

//  Start a thread. Return false, with errno set, if that fails; then the log says why.
bool thread_start (pthread_t *thread, const char *name, thread_fn *function, void *context)
    __attribute__ ((warn_unused_result));

//  Log that a thread cannot be started. name: of the thread, or of the library that needs it.
void thread_complain (const char *name, int error);

//  Call a function of a library that starts its threads there, and aborts if it cannot. Then end
//  the process with EXIT_FAILURE and the same line in the log. Call it at the start, while no other
//  thread calls it.
void thread_guard (const char *library, void (*function) (void *context), void *context);

#endif
