//  Where processors are: the host:port list that flags have, and what its names resolve to.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ADDRESSES_H
#define DOWNLINK_ADDRESSES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct addrinfo;

//  One address of a processor; the query and events ports follow the frames'.
typedef struct {
    char host[64];  //  numeric, IPv6 in brackets
    uint16_t port;
} address_t;

//  One entry of a list.
typedef struct {
    char *host;  //  a name or a number, IPv6 without brackets
    uint16_t port;
} address_name_t;

//  Take "host:port, [::1]:port, ..." apart. Returns a GArray of address_name_t, whose hosts are freed
//  with it; NULL if an entry is none.
GArray *addresses_parse (const char *list);

//  Add all addresses of a name to the array (of address_t), but for those that the array has: no
//  address is in it twice. Returns NULL, or the reason why the name has no address.
//  only_one_family: add the IPv4 addresses, and those of IPv6 only if there is no other. May wait
//  for a name server.
const char *addresses_resolve (const address_name_t *name, bool only_one_family, GArray *addresses);

//  Add the addresses that a look-up of a name has found, likewise.
void addresses_add_found (GArray *addresses, const struct addrinfo *found, uint16_t port);

//  Add the address unless the array has it. A name may resolve to one address several times:
//  /etc/hosts with localhost for both 127.0.0.1 and ::1 gives 127.0.0.1 twice.
void addresses_add (GArray *addresses, const address_t *address);

//  Order by host, then by port; for g_array_sort too.
int addresses_compare (const void *a, const void *b);

#endif
