//  The interface of a store, which keeps the rockets of each partition. An implementation has a
//  store_t as the first member of its structure. One thread may save a partition while another
//  thread takes, loads or releases a different one. Only one thread at a time may use a partition.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STORE_H
#define DOWNLINK_STORE_H

#include "common/bytes/announcement.h"
#include "common/domain/position.h"
#include "common/domain/rocket.h"
#include "common/domain/state_traits.h"
#include "common/service/patience.h"
#include "processor/shard/processor_metrics.h"

typedef struct store store_t;

typedef enum {
    TAKE_DONE,    //  the partition is taken, under a new epoch
    TAKE_LATER,   //  the store has not answered yet, or is away: call again soon
    TAKE_FAILED,  //  the partition cannot be read or written; the log says why
    TAKE_MOVED    //  the state has another mark than when it was opened: stop the process
} take_t;

typedef enum {
    SAVE_DONE,    //  saved, as safely as this store can: acknowledge
    SAVE_FENCED,  //  another processor raised the epoch: release the partition, save nothing more
    SAVE_FAILED,  //  not saved, for example because the disk is full: try again later
    SAVE_BROKEN,  //  possibly saved, for example after an error of fsync: stop the process
} save_t;

typedef enum {
    LOAD_MORE,   //  more rockets follow
    LOAD_LATER,  //  the store has not answered yet, or is away: call again soon
    LOAD_DONE,   //  all are loaded: save may be called from now on
    LOAD_FAILED  //  the store cannot be read or a rocket is damaged; the log says why
} load_t;

//  Take a stored rocket of a partition that is being loaded; the view is borrowed. Return false if
//  the rocket is invalid.
typedef bool (store_rocket_fn) (void *context, const rocket_view_t *rocket);

struct store {
    //  Open a partition, raise its epoch, and set *epoch. Call take until it is done, then load
    //  until that is done, or release the partition. Unless the store waits, only one partition is
    //  taken or loaded at a time.
    take_t (*take) (store_t *self, uint32_t partition, uint64_t *epoch);

    //  Pass the next rockets of a taken partition to the function, at most budget of them.
    load_t (*load) (
        store_t *self, uint32_t partition, size_t budget, store_rocket_fn *rocket, void *context);

    //  Set *position to the position that the partition had when it was taken. Return false if it
    //  had none. Call this after take is done, and before release.
    bool (*position) (store_t *self, uint32_t partition, position_t *position);

    //  Save rockets of a partition, each in its row, and the partition's position unless it is
    //  NULL. Save nothing if the epoch of the partition is not owned.epoch any more. A save is one
    //  transaction; in a database it may commit in pieces, of which the last has the position. A
    //  save may have a position and no rockets.
    save_t (*save) (store_t *self, owned_t owned, rocket_view_t *const *rockets, size_t count,
        const position_t *position);

    //  Replace the mark of the state. Call it while this process holds every partition. Return
    //  false if that failed; then the log says why.
    bool (*mark) (store_t *self, const state_mark_t *mark);

    //  Close a partition, whatever was done with it before.
    void (*release) (store_t *self, uint32_t partition);

    //  Describe the present condition of the store. Never wait.
    store_health_t (*health) (store_t *self);

    void (*destroy) (store_t **self_p);

    //  true: take and load wait for a disk, and are done when they return. Call them on a thread;
    //  several threads may take and load different partitions at the same time.
    bool waits;
};

//  The functions that create a store take the wanted traits in *traits. A move (downlink-move) may
//  open a state with any traits, and judges them itself: with partitions 0 the state must exist;
//  with a mark, a state that does not exist is made with this mark.

//  Create a store that keeps nothing on disk, for tests and throw-away runs, with a new state. Set
//  traits->id.
store_t *store_memory_new (state_traits_t *traits);

//  Create a store with one SQLite file for each partition in a directory. Make the directory, with
//  *traits, if it does not exist; else set *traits to those of its state. Return NULL if it cannot
//  be used or has another ordering; then the log says why.
store_t *store_sqlite_new (const char *directory, state_traits_t *traits);

//  Create a store in a PostgreSQL database, with *traits if the database has no state; else set
//  *traits to those of its state. writer is the id of this process, new at each start. Wait for the
//  database if it is away. Return NULL if the patience ends, or if the state cannot be used; the
//  log says why. A save with an unknown result returns SAVE_FAILED: a later save includes its
//  rockets.
store_t *store_postgres_new (const char *address, const uint8_t writer[PROCESSOR_ID_SIZE],
    const patience_t *patience, state_traits_t *traits);

#endif
