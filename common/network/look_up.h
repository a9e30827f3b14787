//  Resolve a name in bounded time. getaddrinfo waits many seconds for a name server that does not
//  answer, so each look-up has a thread of its own, which its caller may abandon. The caller and
//  the thread share an object; the last of them to finish frees it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LOOK_UP_H
#define DOWNLINK_LOOK_UP_H

#include <netdb.h>
#include <stdint.h>

typedef struct look_up look_up_t;

//  Begin to look up the IPv4 addresses of a host, or its IPv6 addresses if there are no others. The
//  host may be a number, IPv6 without brackets. Each address gets the port. If there can be no
//  thread, the log says so and look_up_end returns a reason.
look_up_t *look_up_begin (const char *host, uint16_t port);

//  Wait for the result until clock_ms () reaches until_ms; INT64_MAX: without limit. Return NULL
//  and set *found, which the caller frees with freeaddrinfo; or return the reason for a failure.
const char *look_up_end (look_up_t **self_p, int64_t until_ms, struct addrinfo **found);

#endif
