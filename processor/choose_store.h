//  Choose a store and the ownership that belongs to it. Only this module knows the names of the
//  stores.
//
//    --store        rockets                 ownership
//    sqlite         files in --state-dir    locked files, for the processors of one host
//    memory         not kept                no other processors
//    postgres://…   rows in a database      leases in it, for the processors of many hosts
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CHOOSE_STORE_H
#define DOWNLINK_CHOOSE_STORE_H

#include "processor/own/ownership.h"
#include "processor/save/store.h"

typedef struct {
    const char *name;       //  of --store
    const char *directory;  //  of --state-dir
    uint8_t processor[PROCESSOR_ID_SIZE];
    patience_t patience;  //  for a store that is away
} store_choice_t;

//  Return true if --store may have this value.
bool store_is_known (const char *name);

//  Read a store as one text, sqlite:DIR or postgres://…, into *choice, which borrows the text.
//  Return false if it is neither.
bool store_choice_read (store_choice_t *choice, const char *text)
    __attribute__ ((warn_unused_result));

//  Write the place of the store, for people, without a password.
void store_choice_place (const store_choice_t *choice, char place[STATE_PLACE_SIZE]);

//  Open the store, with *traits if it is new; else set *traits to its own. Return NULL if it cannot
//  be used; the log says why.
store_t *choose_store (const store_choice_t *choice, state_traits_t *traits)
    __attribute__ ((warn_unused_result));

//  Open the ownership that goes with the store. Return NULL in the same way.
ownership_t *choose_ownership (const store_choice_t *choice, uint32_t partitions,
    const member_endpoint_t *endpoint) __attribute__ ((warn_unused_result));

#endif
