//  Serve the queries socket. The socket is a ROUTER, so that a slow list delays no other client.
//  REQ and DEALER clients see the behaviour of a REP, except that a client with several requests
//  may get a quick reply before a slow one.
//
//  The processor's thread owns the server.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_QUERY_SERVER_H
#define DOWNLINK_QUERY_SERVER_H

#include "common/network/socket.h"
#include "curve/peer_keeper.h"
#include "processor/shard/shards.h"

//  The envelope in front of a query: the routing id, further parts of the client, an empty part.
#define ENVELOPE_PARTS_MAX 8
#define ENVELOPE_MAX_BYTES 1024

typedef struct query_server query_server_t;

//  Create a server. All arguments are borrowed. The pool is for texts that lists hold; peers NULL:
//  links have no keys.
query_server_t *query_server_new (
    socket_t *queries, shards_t *shards, text_pool_t *pool, peer_keeper_t *peers);

//  Free the server. The shards and the socket must still live.
void query_server_destroy (query_server_t **self_p);

//  Take in requests, then go on with query batches and lists, for a few milliseconds at most.
void query_server_run (query_server_t *self);

//  Return true if there is work left: do not wait before the next run.
bool query_server_is_busy (const query_server_t *self);

#endif
