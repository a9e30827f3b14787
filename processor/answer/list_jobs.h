//  Select lists in slices of time: however many lists there are, they delay the loop by one slice
//  at most.
//
//  A list is a job. Jobs wait in line. A bounded number of jobs share one pass, which visits the
//  shards in a circle. A job joins at the next shard and leaves when it has seen each of its shards
//  once. So each rocket is loaded into the cache once for all jobs of the pass. If a shard has a
//  table of leaders for the list (leaders.h), the job sees only that table. A job with a table in
//  every shard does not wait. Equal lists that have not begun share a job with several askers.
//
//  A page is not a picture of one moment. But each of its rockets has the place that it had at the
//  end of the selection, and no rocket that did not change is skipped (selection.h).
//
//  The processor's thread owns the jobs.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LIST_JOBS_H
#define DOWNLINK_LIST_JOBS_H

#include "processor/answer/list_job.h"

//  The number of different lists at a time. A client may not have more lists than there are free
//  places, so one client has half of all places at most.
#define LIST_JOBS_MAX 1024
#define LIST_JOBS_ASKERS_MAX 16384  //  most askers of all lists

typedef struct list_jobs list_jobs_t;

//  A shard with this many places gets tables of leaders. In a smaller shard reading all rows takes
//  0.2 ms, hardly more than reading a table, and making a table takes longer.
#define LIST_JOBS_TABLES_FROM 200000

//  Create an object without jobs. Shards and pool are borrowed. The pool is for texts that lists
//  hold. Shards with tables_from places or more get tables of leaders.
list_jobs_t *list_jobs_new (shards_t *shards, text_pool_t *pool, size_t tables_from);

//  Free all jobs without calling their askers. The shards must still live.
void list_jobs_destroy (list_jobs_t **self_p);

typedef enum {
    LIST_ADDED,    //  the asker will get a reply
    LIST_FOREIGN,  //  this processor does not own one of the partitions: 421
    LIST_REFUSED,  //  too many lists wait: 503
} list_added_t;

//  Add a list; its texts are copied.
list_added_t list_jobs_add (list_jobs_t *self, const list_query_t *list, const list_asker_t *asker)
    __attribute__ ((warn_unused_result));

//  Return true if there is work: run soon.
bool list_jobs_are_waiting (const list_jobs_t *self);

//  Go on until the time is over or all work is done, by at least one step.
void list_jobs_run (list_jobs_t *self, int64_t until_us);

#endif
