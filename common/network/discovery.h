//  A thread that resolves every name of --processors once a second, so that gateways notice new
//  processors without a change of settings. Any thread may ask for the addresses.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DISCOVERY_H
#define DOWNLINK_DISCOVERY_H

#include "common/network/addresses.h"

typedef struct discovery discovery_t;

//  Return true if addresses_parse takes the list.
bool discovery_check (const char *list);

//  Start the thread, which resolves the names at once and then every second. Check the list before.
//  only_one_family: see addresses_resolve. Wait a moment for the first result, even if the name
//  server does not answer. Return NULL if there can be no thread; then the log says why.
discovery_t *discovery_new (const char *list, bool only_one_family)
    __attribute__ ((warn_unused_result));

//  Tell the thread to end, and return at once: it ends when its name server answers.
void discovery_destroy (discovery_t **self_p);

//  Return true if the addresses have changed since *generation (0 at first), and put them into
//  addresses, a GArray of address_t.
bool discovery_changed (discovery_t *self, uint64_t *generation, GArray *addresses);

#endif
