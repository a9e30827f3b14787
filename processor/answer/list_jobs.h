//  Lists, selected in slices: no list, and no number of lists, keeps the loop for longer than a
//  slice.
//
//  A list is a job. Jobs wait in turn; some of them ride at the same time on one pass over the
//  shards, which walks in a circle: a job gets on at the next shard and gets off when it has seen
//  each of its shards once. A rocket is brought near once for all who ride. Where a shard has a
//  table of leaders (leaders.h), a job is shown that instead, and a job for which every shard has
//  one does not wait. Equal lists that have not begun are one job with several askers.
//
//  A page need not be a picture of one moment, but every rocket in it is shown where it is at the
//  end, and no rocket that stays as it is is ever skipped (selection.h).
//
//  The processor's thread owns the jobs.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LIST_JOBS_H
#define DOWNLINK_LIST_JOBS_H

#include "processor/answer/list_job.h"

//  Different lists under way. Those of a client are no more than the places that are left then: so
//  one client has half of them at most.
#define LIST_JOBS_MAX 1024
#define LIST_JOBS_ASKERS_MAX 16384  //  those who wait for them

typedef struct list_jobs list_jobs_t;

//  Both are borrowed; the pool is that of the rockets' texts.
list_jobs_t *list_jobs_new (shards_t *shards, text_pool_t *pool);

//  Forget all jobs; their askers are not called. Call it while the shards still live.
void list_jobs_destroy (list_jobs_t **self_p);

typedef enum {
    LIST_ADDED,    //  the asker will be called
    LIST_FOREIGN,  //  a partition that is asked for is not owned here: 421
    LIST_REFUSED,  //  too many lists wait: 503
} list_added_t;

//  Add a list; its texts are copied.
list_added_t list_jobs_add (list_jobs_t *self, const list_query_t *list, const list_asker_t *asker)
    __attribute__ ((warn_unused_result));

//  True if there is work: run soon.
bool list_jobs_are_waiting (const list_jobs_t *self);

//  Go on, until the time is over or nothing is left to do; a step at least.
void list_jobs_run (list_jobs_t *self, int64_t until_us);

#endif
