//  The interface of a store, which keeps the rockets of each partition. An implementation has a
//  store_t as the first member of its structure. One thread may save a partition while another
//  thread takes, loads or releases a different one. Only one thread at a time may use a partition.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STORE_H
#define DOWNLINK_STORE_H

#include "common/bytes/announcement.h"
#include "common/domain/rocket.h"
#include "common/domain/state_id.h"

typedef struct store store_t;

typedef enum {
    SAVE_DONE,    //  saved, as safely as this store can: acknowledge
    SAVE_FENCED,  //  another processor raised the epoch: release the partition, save nothing more
    SAVE_FAILED,  //  not saved, for example because the disk is full: try again later
    SAVE_BROKEN,  //  possibly saved, for example after an error of fsync: stop the process
} save_t;

typedef enum {
    LOAD_MORE,   //  more rockets follow
    LOAD_DONE,   //  all are loaded: save may be called from now on
    LOAD_FAILED  //  the store cannot be read or a rocket is damaged; the log says why
} load_t;

//  The traits that a state keeps for good. Flags give those of a new state; an existing state has
//  its own.
typedef struct {
    state_id_t id;        //  random, made with the state
    uint32_t partitions;  //  P; a flag with another number is ignored
    ordering_t ordering;  //  a flag with another one is refused
} state_traits_t;

//  Called with each stored rocket of a partition that is loaded; the view is borrowed. Return false
//  if the rocket is invalid.
typedef bool (store_rocket_fn) (void *context, const rocket_view_t *rocket);

struct store {
    //  Open a partition and raise its epoch. Return false if it cannot be read or written; then the
    //  log says why.
    bool (*take) (store_t *self, uint32_t partition, uint64_t *epoch);

    //  Pass the next rockets of a partition that was taken to the function, budget of them at most.
    load_t (*load) (
        store_t *self, uint32_t partition, size_t budget, store_rocket_fn *rocket, void *context);

    //  Save rockets of a partition in one transaction, unless its epoch is not owned.epoch any
    //  more.
    save_t (*save) (store_t *self, owned_t owned, rocket_view_t *const *rockets, size_t count);

    //  Close a partition, in any condition.
    void (*release) (store_t *self, uint32_t partition);

    void (*destroy) (store_t **self_p);
};

//  Create a store that keeps nothing, for tests and throw-away runs, with a new state. Set
//  traits->id.
store_t *store_memory_new (state_traits_t *traits);

//  Create a store with one SQLite file for each partition in a directory. Make the directory, with
//  *traits, if it does not exist; else set *traits to those of its state. Return NULL if it cannot
//  be used or has another ordering; then the log says why.
store_t *store_sqlite_new (const char *directory, state_traits_t *traits);

#endif
