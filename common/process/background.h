//  A thread that does one job at a time for its owner, so that the owner's loop never waits for a
//  disk. The owner submits a job and fetches it when it is done. In between, only the background
//  thread uses the job. Only the owner calls these functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_BACKGROUND_H
#define DOWNLINK_BACKGROUND_H

#include <stdbool.h>

typedef struct background background_t;

//  Do a job. The background thread calls it.
typedef void (background_fn) (void *context, void *job);

//  Start the thread, under this name (thread.h). Return NULL if it cannot be started; then the log
//  says why.
background_t *background_new (const char *name, background_fn *function, void *context)
    __attribute__ ((warn_unused_result));

//  Wait for the current job, then end the thread. A job that was not fetched stays the owner's.
void background_destroy (background_t **self_p);

//  Return a descriptor that is readable when a job is done.
int background_fd (const background_t *self);

//  Return true if the thread has no job, so that one can be submitted.
bool background_is_idle (const background_t *self);

//  Submit a job. Call it only while the thread is idle.
void background_submit (background_t *self, void *job);

//  Return the job if it is done, else NULL.
void *background_fetch (background_t *self);

//  Wait until the job is done and return it. Return NULL if there is no job.
void *background_wait (background_t *self);

#endif
