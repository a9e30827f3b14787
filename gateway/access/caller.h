//  The caller of a request: the address of the client, and whether it came over TLS. Behind proxies the
//  socket tells neither, so the fields of the proxies do, X-Forwarded-For and X-Forwarded-Proto. They
//  count only if the socket's other end is a trusted proxy: any client may send such fields.
//
//  Each proxy adds the address of its own client at the end of X-Forwarded-For. Behind N proxies the
//  client is therefore the N-th from the end; the client has written all before it.
//  Pure functions, except for caller_find.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CALLER_H
#define DOWNLINK_CALLER_H

#include "common/network/networks.h"
#include "http/http_request.h"

//  The proxies in front. Zeroed memory: there are none.
typedef struct {
    unsigned proxies;    //  that a request passes; 0: none
    networks_t trusted;  //  their addresses, besides loopback
} proxy_rules_t;

typedef struct {
    client_address_t address;
    bool is_secure;  //  it came over TLS, to here or to the first proxy
} caller_t;

//  Return the caller behind a socket with this other end. forwarded_for and forwarded_proto are the
//  fields of the proxies, each with all its lines; NULL: not given.
caller_t caller_read (const proxy_rules_t *rules, const client_address_t *peer, bool is_tls,
    const char *forwarded_for, const char *forwarded_proto);

//  Return the caller of a request.
caller_t caller_find (const proxy_rules_t *rules, const http_request_t *request);

#endif
