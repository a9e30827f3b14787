//  A case of the contract of a store, for the store that DOWNLINK_TEST_STORE names. Each case has
//  its own folder; with postgres, its own database (database.h).
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TEST_STORE_CASE_H
#define DOWNLINK_TEST_STORE_CASE_H

#include <glib.h>

#include "processor/save/store.h"

#define PARTITIONS 4

typedef enum { STORE_SQLITE, STORE_MEMORY, STORE_POSTGRES } kind_t;

extern char *case_folder;
extern char *case_address;     //  postgres: of the database of this case
extern GPtrArray *case_found;  //  the rocket_view_t * that the last load found

void case_set_up (void);
void case_tear_down (void);

kind_t case_kind (void);

//  Leave a case that is not for this store.
void case_skip_unless (bool is_for_this_store);

//  Open the store under test with these traits. Return NULL if it refuses them.
store_t *case_try_to_open (state_traits_t *traits);

//  Open it with PARTITIONS and the default traits.
store_t *case_open (void);

//  Take a partition, and wait for a store that answers later.
take_t case_try_to_take (store_t *store, uint32_t partition, uint64_t *epoch);

//  Load a partition that was taken, and append its rockets to case_found.
load_t case_load (store_t *store, uint32_t partition);

//  Take and load a partition; case_found are its rockets. Return the epoch.
uint64_t case_take (store_t *store, uint32_t partition);

//  Return a rocket in which every member is something else, in row 1; number makes it another one.
rocket_view_t case_full_rocket (uint64_t number, char *id);

//  Bring the file of partition 0 of the SQLite store to a format of earlier versions.
void case_make_former (int format);

//  Execute SQL in the database; with sqlite, in the file of partition 0.
void case_change (const char *sql);

#endif
