//  One list under way: what is asked, who waits for it, of which shards it is and which of them it
//  has been shown. Which job goes on when is list_jobs.c's.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LIST_JOB_H
#define DOWNLINK_LIST_JOB_H

#include "processor/shard/shards.h"
#include "query/protocol/query.h"

//  Called once for each asker, from list_jobs_run, with the reply as bytes, borrowed. tag is what
//  the asker gave. It must not add jobs.
typedef void (list_reply_fn) (void *context, uint32_t tag, GBytes *reply);

typedef struct {
    list_reply_fn *function;
    void *context;
    uint32_t tag;
    uint64_t client;      //  seats on the pass are shared evenly between clients
    int64_t deadline_us;  //  on clock_us; at that time the reply is a 503
} list_asker_t;

typedef struct {
    list_query_t list;    //  a copy
    GBytes *key;          //  the list as bytes; equal lists have equal ones
    uint64_t client;      //  the one who asked first
    GArray *askers;       //  of list_asker_t
    int64_t earliest_us;  //  the first deadline of the askers
    bool has_begun;       //  the rest is set then
    bool is_in_visit;     //  it is shown the rockets of the shard that is visited
    int laps;             //  that ended with nothing to show
    uint32_t owned_count;
    owned_t *owned;                    //  the shards it is of
    uint8_t todo[PARTITIONS_MAX / 8];  //  those it has not been shown, a bit each
    uint32_t todo_count;
    selection_t selection;
    leaders_draft_t *draft;    //  for the shard that is visited; or NULL
    uint32_t draft_partition;  //  of that shard
    GQueue *queue;
    GList link;
} list_job_t;

//  A job of a list that nobody asked for yet. The list is taken.
list_job_t *list_job_new (list_query_t *list, GBytes *key, uint64_t client);

//  Free a job. The shards are those of now: a draft of a shard that is gone went with it.
void list_job_destroy (list_job_t **self_p, const shards_t *shards);

//  Move a job to the end of a queue, or out of all (NULL).
void list_job_enter (list_job_t *self, GQueue *queue);

//  Add an asker.
void list_job_add_asker (list_job_t *self, const list_asker_t *asker);

//  Return the shard of a partition, or NULL if it is not held here.
shard_t *list_job_shard (const shards_t *shards, uint32_t partition);

//  True if all partitions that a list names are held here.
bool list_job_is_ours (const shards_t *shards, const list_query_t *list);

//  Begin to select from all shards of the list. The pool is that of the rockets' texts.
void list_job_begin (list_job_t *self, const shards_t *shards, text_pool_t *pool);

//  Undo what began.
void list_job_rewind (list_job_t *self, const shards_t *shards);

//  True if every shard is the one that it was when the job began.
bool list_job_is_intact (const list_job_t *self, const shards_t *shards);

//  True if the job has not been shown a shard.
bool list_job_has_todo (const list_job_t *self, uint32_t partition);

//  The job was shown a shard. Return true if that was the last one.
bool list_job_check_off (list_job_t *self, uint32_t partition);

//  Tell all askers the reply, whose bytes are taken.
void list_job_tell (const list_job_t *self, GByteArray *bytes);

//  Tell the askers whose deadline has passed, and forget them. Return how many they were.
guint list_job_expire (list_job_t *self, int64_t now_us);

#endif
