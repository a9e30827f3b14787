//  The host:port lists of flags, and the addresses that their names resolve to.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ADDRESSES_H
#define DOWNLINK_ADDRESSES_H

#include <glib.h>
#include <stdbool.h>

#include "common/network/address.h"

struct addrinfo;

//  One entry of a list.
typedef struct {
    char *host;  //  a name or a number, IPv6 without brackets
    uint16_t port;
} address_name_t;

//  The end of a complaint about a text that is no such list; the text stands before it.
#define ADDRESSES_FAULT                                                                            \
    "must be a list of HOST:PORT, as in localhost:5561 or one:5561,two:5561 or one,two,[::1]; "    \
    "without a port it is 5561, and the largest is 65533"

//  Parse "host:port, host, [::1]:port, :port, ..." (host_port.h). Return a GArray of
//  address_name_t, which frees the hosts, or NULL if an entry is wrong.
GArray *addresses_parse (const char *list);

//  Add all addresses of a name to the array (of address_t), each once. Return NULL, or the reason
//  why the name has no address. only_one_family: add IPv6 addresses only if the name has no IPv4
//  address. This function may wait for a name server.
const char *addresses_resolve (const address_name_t *name, bool only_one_family, GArray *addresses);

//  Add the addresses that a look-up has found, each once.
void addresses_add_found (GArray *addresses, const struct addrinfo *found, uint16_t port);

//  Add the address unless the array has it. A name may resolve to one address several times:
//  /etc/hosts with localhost for both 127.0.0.1 and ::1 gives 127.0.0.1 twice.
void addresses_add (GArray *addresses, const address_t *address);

//  Compare by host, then by port, as g_array_sort needs it.
int addresses_compare (const void *a, const void *b);

#endif
