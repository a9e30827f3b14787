//  The queries socket: requests in, answers out, to the client that asked. A ROUTER, so that a list
//  that takes its time holds up nobody; REQ and DEALER clients see what a REP would give them, but
//  for one thing: a client with several requests under way may get quick answers before slow ones.
//
//  The processor's thread owns the server.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SERVE_QUERIES_H
#define DOWNLINK_SERVE_QUERIES_H

#include "common/network/socket.h"
#include "processor/shard/shards.h"

//  What stands in front of a question: the client's routing id, parts of its own, an empty part.
#define ENVELOPE_PARTS_MAX 8
#define ENVELOPE_MAX_BYTES 1024

typedef struct query_server query_server_t;

//  All are borrowed; the pool is that of the rockets' texts.
query_server_t *query_server_new (socket_t *queries, shards_t *shards, text_pool_t *pool);

//  Destroy the server while the shards and the socket still live.
void query_server_destroy (query_server_t **self_p);

//  Take in requests, then go on with batches and lists: for some milliseconds at most.
void query_server_run (query_server_t *self);

//  True if there is work that does not wait for anything: do not wait before the next run.
bool query_server_is_busy (const query_server_t *self);

#endif
