//  A job: a list that is being selected, its askers, its shards, and the shards that it has not
//  seen yet. list_jobs.c schedules the jobs, list_pass.c shows them the rockets. The processor's
//  thread owns them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LIST_JOB_H
#define DOWNLINK_LIST_JOB_H

#include "processor/shard/shards.h"
#include "query/protocol/query.h"

//  Take the reply to an asker, with its tag, once; list_jobs_run calls it. The reply is borrowed.
//  The function must not add jobs.
typedef void (list_reply_fn) (void *context, uint32_t tag, GBytes *reply);

typedef struct {
    list_reply_fn *function;
    void *context;
    uint32_t tag;
    uint64_t client;      //  clients share the seats on the pass evenly
    int64_t deadline_us;  //  on clock_us; then the reply is a 503
} list_asker_t;

typedef struct {
    list_query_t list;    //  a copy
    GBytes *key;          //  the list as bytes; equal lists have equal keys
    uint64_t client;      //  of the first asker
    GArray *askers;       //  of list_asker_t
    int64_t earliest_us;  //  earliest deadline of the askers
    bool has_begun;       //  the members below are set
    bool is_in_visit;     //  it sees the rockets of the visited shard
    int laps;             //  selections that ended without a rocket to show
    uint32_t owned_count;
    owned_t *owned;                    //  its shards
    uint8_t todo[PARTITIONS_MAX / 8];  //  the shards that it has not seen, a bit each
    uint32_t todo_count;
    selection_t selection;
    leaders_draft_t *draft;    //  for the visited shard; or NULL
    uint32_t draft_partition;  //  partition of the draft
    GQueue *queue;
    GList link;
} list_job_t;

//  Create a job without askers. It takes the list.
list_job_t *list_job_new (list_query_t *list, GBytes *key, uint64_t client);

//  Free a job. A draft of a shard that is gone went with the shard.
void list_job_destroy (list_job_t **self_p, const shards_t *shards);

//  Move a job to the end of a queue; NULL: to no queue.
void list_job_enter (list_job_t *self, GQueue *queue);

//  Add an asker.
void list_job_add_asker (list_job_t *self, const list_asker_t *asker);

//  Return the shard of a partition, or NULL if it is not held here.
shard_t *list_job_shard (const shards_t *shards, uint32_t partition);

//  Return true if this processor holds all partitions that a list names.
bool list_job_is_ours (const shards_t *shards, const list_query_t *list);

//  Begin to select from all shards of the list. The pool is for texts that the list holds.
void list_job_begin (list_job_t *self, const shards_t *shards, text_pool_t *pool);

//  Undo list_job_begin.
void list_job_rewind (list_job_t *self, const shards_t *shards);

//  Return true if every shard of the job still has the epoch that it had at the beginning.
bool list_job_is_intact (const list_job_t *self, const shards_t *shards);

//  Return true if the job has not seen the shard of this partition yet.
bool list_job_has_todo (const list_job_t *self, uint32_t partition);

//  Note that the job has seen a shard. Return true if it was the last one.
bool list_job_check_off (list_job_t *self, uint32_t partition);

//  Give all askers the reply. The bytes are taken.
void list_job_tell (const list_job_t *self, GByteArray *bytes);

//  Give 503 to the askers with a passed deadline, and remove them. Return their number.
guint list_job_expire (list_job_t *self, int64_t now_us);

#endif
