//  Take the partitions that this processor should own, and release the others. Each partition is in
//  one phase (the table of legal transitions is in keeper.c):
//
//    phase     lock held  store open  shard           ends when
//    ABSENT    no         no          none            it should be ours and its lock is free
//    TAKING    yes        opening     none            its epoch is raised
//    LOADING   yes        yes         being filled    all its rockets are loaded
//    OWNED     yes        yes         in the shards   it should not be ours, or it was fenced
//    LEAVING   yes        yes         in the shards   everything is saved and acknowledged
//
//  A partition in OWNED is announced and takes frames. In LEAVING it does neither, but still
//  answers queries. If it should be ours again, it first becomes ABSENT and then gets a new epoch.
//
//  The processor's thread owns the keeper.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KEEPER_H
#define DOWNLINK_KEEPER_H

#include "processor/intake/source.h"
#include "processor/own/ownership.h"
#include "processor/save/shard_saver.h"

typedef struct keeper keeper_t;

//  Create a keeper. Take the store and the ownership, and borrow the rest. The keeper assigns a
//  partition to the source when the partition is owned, and revokes it before the partition leaves.
keeper_t *keeper_new (shards_t *shards, ordering_t ordering, source_t *source, store_t **store,
    ownership_t **ownership);

//  Release every partition at once, saved or not, and free the keeper, at the end of the process.
//  The source may be gone.
void keeper_destroy (keeper_t **self_p);

typedef enum {
    //  In the order of their weight.
    KEEPER_SAME,     //  the owned partitions are the same as before
    KEEPER_CHANGED,  //  the owned partitions changed: announce them
    KEEPER_FAILED,   //  a partition cannot be read, or gets no thread, at the start, or its
                     //  position is of another feed: stop; the log says why
} keeper_result_t;

//  Look at the members and move each partition on. Return soon: threads wait for disks (arrival.h).
keeper_result_t keeper_run (keeper_t *self, const shard_saver_t *saver)
    __attribute__ ((warn_unused_result));

//  Return the longest time until the next run, in milliseconds.
int64_t keeper_timeout_ms (const keeper_t *self);

//  Return true once every partition that was free at the start is owned.
bool keeper_is_ready (const keeper_t *self);

//  Stop being a member. From now on keeper_run releases each partition when it is saved.
void keeper_leave (keeper_t *self);

//  Describe the present condition of the store.
store_health_t keeper_health (const keeper_t *self);

//  Return true if no partition is held.
bool keeper_is_gone (const keeper_t *self);

#endif
