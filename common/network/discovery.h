//  Names to addresses, again and again: a thread resolves every name of --processors once a second,
//  so that scaling up and down needs no setting. Any thread may ask what it found.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DISCOVERY_H
#define DOWNLINK_DISCOVERY_H

#include "common/network/addresses.h"

typedef struct discovery discovery_t;

//  True if list is host:port, comma-separated, [IPv6]:port included.
bool discovery_check (const char *list);

//  Start the thread, which resolves the names at once and then every second. list was checked.
//  only_one_family: see addresses_resolve. Waits a moment for the first result, but no longer for a
//  name server that does not answer.
discovery_t *discovery_new (const char *list, bool only_one_family);

//  Tell the thread to end. Never waits for it: it ends by itself when its name server has answered.
void discovery_destroy (discovery_t **self_p);

//  If the addresses have changed since *generation (0 at first), put them into addresses (a GArray
//  of address_t) and return true.
bool discovery_changed (discovery_t *self, uint64_t *generation, GArray *addresses);

#endif
