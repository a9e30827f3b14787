//  A partition on its way in: the store takes it, and its rockets fill a shard. If the store waits
//  for a disk, a thread of the arrival does both, so the loop goes on and several partitions can
//  arrive at a time, one for each core. Until arrival_run returns ARRIVAL_DONE, only the arrival
//  uses the shard and the partition in the store. The processor's thread calls all functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ARRIVAL_H
#define DOWNLINK_ARRIVAL_H

#include "processor/save/store.h"
#include "processor/shard/shard.h"

typedef struct arrival arrival_t;

//  Begin to take and load a partition. The store is borrowed. Return NULL, and leave the partition
//  alone, if there can be no thread; then the log says why.
arrival_t *arrival_new (store_t *store, uint32_t partition, layout_t layout, ordering_t ordering)
    __attribute__ ((warn_unused_result));

//  Wait for the thread to end. Free the arrival, and its shard unless arrival_shard has returned
//  it.
void arrival_destroy (arrival_t **self_p);

typedef enum {
    ARRIVAL_COMING,     //  call again at once
    ARRIVAL_LATER,      //  call again soon
    ARRIVAL_DONE,       //  all rockets are loaded
    ARRIVAL_FAILED,     //  the store cannot be read or written; the log says why
    ARRIVAL_MOVED,      //  the state was moved: stop the process
    ARRIVAL_CANCELLED,  //  it ended because of arrival_cancel
} arrival_step_t;

//  Go on by a step of a few milliseconds, or see how far the thread is. Call this again only after
//  ARRIVAL_COMING and ARRIVAL_LATER.
arrival_step_t arrival_run (arrival_t *self) __attribute__ ((warn_unused_result));

//  Return true once the partition is taken.
bool arrival_is_taken (arrival_t *self);

//  Return the number of rockets that are loaded.
size_t arrival_rockets (arrival_t *self);

//  Make arrival_run return ARRIVAL_CANCELLED soon.
void arrival_cancel (arrival_t *self);

//  Return the shard of an arrival that is done, once; the caller owns it.
shard_t *arrival_shard (arrival_t *self);

#endif
