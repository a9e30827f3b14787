//  A list of networks, as in 10.0.0.0/8,192.0.2.7,2001:db8::/32. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_NETWORKS_H
#define DOWNLINK_NETWORKS_H

#include <stddef.h>

#include "common/network/client_address.h"

#define NETWORKS_MAX 64  //  in a list

//  The end of a complaint about a text that is no such list; the text stands before it.
#define NETWORKS_FAULT                                                                             \
    "must be at most 64 addresses or networks with commas between, as in "                         \
    "10.0.0.0/8,192.0.2.7,2001:db8::/32"

typedef struct {
    client_address_t address;
    unsigned bits;  //  the number of leading bits of the address that count
} network_t;

//  Zeroed memory is an empty list.
typedef struct {
    size_t count;
    network_t networks[NETWORKS_MAX];
} networks_t;

//  Read a list; NULL is an empty list. Return false if the text is no such list, or if an address
//  has bits behind its prefix.
bool networks_read (networks_t *self, const char *text) __attribute__ ((warn_unused_result));

//  Return true if one of the networks has the address.
bool networks_have (const networks_t *self, const client_address_t *address);

#endif
