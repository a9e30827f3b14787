//  Count and bound the open connections of each client. All servers of a process share one table;
//  any thread may call these functions, and none of them waits.
//
//  The table has two rows of counters. A client adds to one counter in each row, which a secret
//  hash chooses, and the lower counter is its count. So the table has a fixed size and never fills
//  up. A count is never too low, and too high only for a client that shares both its counters with
//  other clients.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_CROWDS_H
#define DOWNLINK_HTTP_CROWDS_H

#include "common/network/networks.h"

typedef struct http_crowds http_crowds_t;

//  Make a table: each client may have limit connections; 0: any number. Addresses of this machine
//  and of the exempt networks are not counted. The networks are copied.
http_crowds_t *http_crowds_new (uint64_t limit, const networks_t *exempt);

void http_crowds_destroy (http_crowds_t **self_p);

//  Return true if a client may open one more connection. NULL allows every one.
bool http_crowds_allow (const http_crowds_t *self, const client_address_t *client);

//  Return a number that stands for a client; 0: the client is not counted, or there is no table.
uint64_t http_crowds_client (const http_crowds_t *self, const client_address_t *client);

//  Count an open connection, and the end of one.
void http_crowds_enter (http_crowds_t *self, const client_address_t *client);
void http_crowds_leave (http_crowds_t *self, const client_address_t *client);

#endif
