//  Where the rockets of a partition are kept: the interface. A store is a store_t at the beginning of
//  a structure of its own; store_memory.c is the one that keeps nothing.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STORE_H
#define DOWNLINK_STORE_H

#include "common/announcement.h"
#include "common/rocket.h"

typedef struct store store_t;

typedef enum {
    SAVE_DONE,    //  it is as safe as this store makes it: acknowledge
    SAVE_FENCED,  //  somebody else raised the epoch: let go of the partition, save nothing more
    SAVE_FAILED,  //  it is not saved, as when the disk is full: try again later
} save_t;

//  Shown every stored rocket while a partition is loaded; the view is good during the call.
typedef void (store_rocket_fn) (void *context, const rocket_view_t *rocket);

struct store {
    const char *name;

    //  P, the number of partitions: wanted for a new store, else what it was made with.
    uint32_t (*partitions) (store_t *self, uint32_t wanted);

    //  Take a partition: raise its epoch, and show every rocket in it. False if it cannot be read;
    //  then the log says why.
    bool (*take) (
        store_t *self, uint32_t partition, uint64_t *epoch, store_rocket_fn *rocket, void *context);

    //  Save rockets of a partition in one transaction, if its epoch still is owned.epoch.
    save_t (*save) (store_t *self, owned_t owned, const rocket_t *const *rockets, size_t count);

    void (*destroy) (store_t **self_p);
};

//  Keeps nothing: for tests and throw-away runs.
store_t *store_memory_new (void);

#endif
