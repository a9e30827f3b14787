//  Takes the partitions that are to be this processor's, and lets go of those that are not, one phase
//  after another:
//
//    phase     lock held  store open  shard           ends with
//    absent    no         no          none            it is to be ours, and nobody holds it
//    loading   yes        yes         being filled    all its rockets are there
//    owned     yes        yes         in the shards   it is not to be ours any more; or it was fenced
//    leaving   yes        yes         in the shards   all of it is saved and acknowledged
//
//  An owned partition is announced; frames for it are taken in. One that is leaving is neither, but
//  answers questions until it is gone; should it be ours again meanwhile, it is taken anew after that. The processor's thread owns the keeper.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KEEPER_H
#define DOWNLINK_KEEPER_H

#include "processor/own/ownership.h"
#include "processor/save/shard_saver.h"

typedef struct keeper keeper_t;

//  The store and the ownership are taken, the rest is borrowed.
keeper_t *keeper_new (shards_t *shards, text_pool_t *pool, ordering_t ordering, store_t **store,
    ownership_t **ownership);

//  Let go of everything at once, saved or not.
void keeper_destroy (keeper_t **self_p);

typedef enum {
    KEEPER_SAME,     //  nothing is owned that was not, and the other way round
    KEEPER_CHANGED,  //  announce what is owned now
    KEEPER_FAILED,   //  at the start a partition cannot be read: stop; the log says why
} keeper_result_t;

//  Look who is there and go on with what is under way; loads a bounded number of rockets.
keeper_result_t keeper_run (keeper_t *self, const shard_saver_t *saver)
    __attribute__ ((warn_unused_result));

//  When to run at the latest, in milliseconds from now.
int64_t keeper_timeout_ms (const keeper_t *self);

//  True once everything that could be taken at the start is owned.
bool keeper_is_ready (const keeper_t *self);

//  From now on everything is to go: keeper_run lets go of what is saved.
void keeper_leave (keeper_t *self);

//  True if nothing is held any more.
bool keeper_is_gone (const keeper_t *self);

#endif
