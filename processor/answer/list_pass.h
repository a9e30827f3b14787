//  The pass of lists over the rockets: it visits the shards in a circle and shows each shard's
//  rockets to all riding jobs that want them. list_jobs.c chooses the jobs that ride.
//
//  The processor's thread owns the pass.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LIST_PASS_H
#define DOWNLINK_LIST_PASS_H

#include "processor/answer/list_job.h"

#define LIST_PASS_RIDING_MAX 32  //  jobs on the pass at a time; each has a heap

//  The visit to a shard.
typedef struct {
    bool is_open;
    bool is_gathered;  //  no further job joins it
    uint32_t partition;
    size_t chunks;  //  at the beginning; those of new rockets follow
    size_t stride;  //  see s_chunk
    size_t seen;    //  number of chunks
} shard_visit_t;

typedef struct {
    shards_t *shards;    //  borrowed
    size_t tables_from;  //  shards with this many places get tables of leaders
    GQueue riding;       //  of list_job_t, at most LIST_PASS_RIDING_MAX; they have begun
    GQueue seen;         //  of list_job_t: those that have seen all their shards
    shard_visit_t visit;
} list_pass_t;

//  Go on by a short step: begin a visit, gather a job for it, or show some rockets. Move
//  the jobs that have now seen all their shards from riding to seen.
void list_pass_step (list_pass_t *self);

#endif
