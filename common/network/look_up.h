//  Names to addresses in bounded time. A name server that never answers keeps getaddrinfo for many
//  seconds, so each look-up has a thread of its own, and nobody waits for the thread: the last of the
//  two to let go, the asker or the thread, frees what they share.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LOOK_UP_H
#define DOWNLINK_LOOK_UP_H

#include <netdb.h>
#include <stdint.h>

typedef struct look_up look_up_t;

//  Begin to look up the IPv4 addresses of a host, or those of IPv6 if there are no others. The host may
//  be a number, IPv6 without brackets. The port is put into each address.
look_up_t *look_up_begin (const char *host, uint16_t port);

//  Wait for the result, until clock_ms () reaches until_ms; INT64_MAX: for as long as it takes. Returns
//  NULL and the addresses, to be freed with freeaddrinfo, or the reason why there are none.
const char *look_up_end (look_up_t **self_p, int64_t until_ms, struct addrinfo **found);

#endif
