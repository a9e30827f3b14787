//  Where the rockets of a partition are kept: the interface. A store is a store_t at the beginning of
//  a structure of its own. Partitions are independent: one may be saved by one thread while another
//  is taken, loaded or released by another thread, but no partition is used by two at once.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STORE_H
#define DOWNLINK_STORE_H

#include "common/bytes/announcement.h"
#include "common/domain/rocket.h"
#include "common/domain/state_id.h"

typedef struct store store_t;

typedef enum {
    SAVE_DONE,    //  it is as safe as this store makes it: acknowledge
    SAVE_FENCED,  //  somebody else raised the epoch: let go of the partition, save nothing more
    SAVE_FAILED,  //  it is not saved, as when the disk is full: try again later
    SAVE_BROKEN,  //  nobody knows what is saved, as after an error of fsync: stop the process
} save_t;

typedef enum {
    LOAD_MORE,   //  there are further rockets
    LOAD_DONE,   //  that was all: save may be called from now on
    LOAD_FAILED  //  it cannot be read, or a rocket in it is damaged; the log says why
} load_t;

//  What belongs to a state for good, from its making on. A program has wishes; a state that is there
//  already has its own.
typedef struct {
    state_id_t id;        //  made with the state
    uint32_t partitions;  //  P; another one is wished for in vain
    ordering_t ordering;  //  another one is refused
} state_traits_t;

//  Shown every stored rocket while a partition is loaded; the view is good during the call. False if
//  it is no rocket that can be.
typedef bool (store_rocket_fn) (void *context, const rocket_view_t *rocket);

struct store {
    //  Take a partition: raise its epoch. False if it cannot be read or written; the log says why.
    bool (*take) (store_t *self, uint32_t partition, uint64_t *epoch);

    //  Show so many further rockets of a partition that was taken, until none is left.
    load_t (*load) (
        store_t *self, uint32_t partition, size_t budget, store_rocket_fn *rocket, void *context);

    //  Save rockets of a partition in one transaction, if its epoch still is owned.epoch.
    save_t (*save) (store_t *self, owned_t owned, rocket_view_t *const *rockets, size_t count);

    //  Be done with a partition, whether it was taken, loaded or neither.
    void (*release) (store_t *self, uint32_t partition);

    void (*destroy) (store_t **self_p);
};

//  Keeps nothing: for tests and throw-away runs. Each one is a state of its own.
store_t *store_memory_new (state_traits_t *traits);

//  One SQLite file a partition in a directory, which is made if it is not there. *traits are what a new
//  directory gets, and become what this one has. NULL if it cannot be used, or has another ordering; then
//  the log says why.
store_t *store_sqlite_new (const char *directory, state_traits_t *traits);

#endif
