//  A thread that does one job at a time for the thread that owns it, so that the owner's loop never
//  waits for a disk. A job is handed over whole, and handed back with what came of it: while it is
//  away, only the background thread touches it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_BACKGROUND_H
#define DOWNLINK_BACKGROUND_H

#include <stdbool.h>

typedef struct background background_t;

//  Does a job, on the background thread.
typedef void (background_fn) (void *context, void *job);

background_t *background_new (background_fn *function, void *context);

//  Ends the thread once the job it has is done. A job that was not fetched stays the owner's.
void background_destroy (background_t **self_p);

//  Readable when a job is done.
int background_fd (const background_t *self);

//  True if there is no job: one can be submitted.
bool background_is_idle (const background_t *self);

//  Hand over a job. Only when idle.
void background_submit (background_t *self, void *job);

//  The job, if it is done; else NULL.
void *background_fetch (background_t *self);

//  The job once it is done, however long that takes; NULL if there is none.
void *background_wait (background_t *self);

#endif
