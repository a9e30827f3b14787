//  Find the caller of a request: the address of the client, and whether the client came over TLS.
//  Behind proxies the socket shows neither, but the fields X-Forwarded-For and X-Forwarded-Proto
//  do. These fields count only if the socket's other end is a trusted proxy, because any client may
//  send them.
//
//  Each proxy adds the address of its own client at the end of X-Forwarded-For. So behind N proxies
//  the client is the N-th address from the end; the client itself may have written all that stands
//  before. Pure functions, except for caller_find.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CALLER_H
#define DOWNLINK_CALLER_H

#include "common/network/networks.h"
#include "http/http_request.h"

//  The proxies in front. Zeroed memory: there are none.
typedef struct {
    unsigned proxies;    //  number of proxies that a request passes; 0: none
    networks_t trusted;  //  addresses of the proxies, besides loopback
} proxy_rules_t;

typedef struct {
    client_address_t address;
    bool is_secure;  //  the client came over TLS, to here or to the first proxy
} caller_t;

//  Return the caller behind a socket whose other end is peer. forwarded_for and forwarded_proto are
//  the fields of the proxies, all lines of each joined with commas; NULL: not given.
caller_t caller_read (const proxy_rules_t *rules, const client_address_t *peer, bool is_tls,
    const char *forwarded_for, const char *forwarded_proto);

//  Return the caller of a request.
caller_t caller_find (const proxy_rules_t *rules, const http_request_t *request);

#endif
