//  The body of a request as it arrives. Limits bound each body, and all bodies of a server
//  together.
//
//  A body takes memory for the bytes that have arrived, never for an announced length. Small bodies
//  and large bodies have separate pools, so large bodies never crowd out a small one. The large
//  bodies of one client may use a quarter of their pool. Small bodies need no such share, since a
//  client has a bounded number of connections.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_BODY_H
#define DOWNLINK_HTTP_BODY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/memory/spares.h"
#include "common/text/text.h"

#define HTTP_BODY_SMALL_BYTES ((size_t) 64 * 1024)  //  largest small body
#define HTTP_BODY_BLOCK_BYTES ((size_t) 1024)       //  least capacity of a body

typedef enum { BODY_POOL_SMALL, BODY_POOL_LARGE, BODY_POOLS } body_pool_t;

//  The bodies of a server.
typedef struct {
    uint64_t bytes[BODY_POOLS];  //  of all bodies of a pool
    uint64_t limit[BODY_POOLS];  //  of bytes
    uint64_t body_limit;         //  of each body
    GHashTable *shares;          //  bytes of large bodies, by client
    spares_t blocks;             //  of HTTP_BODY_BLOCK_BYTES, for short bodies
} http_bodies_t;

//  Zeroed memory is an empty body.
typedef struct {
    char *data;
    size_t size;
    size_t capacity;
    uint64_t client;  //  whose share the bytes count in; 0: no share, as it may be many clients
} http_body_t;

typedef enum {
    BODY_TAKEN,
    BODY_TOO_LARGE,     //  the body is over its own limit: it can never be taken
    BODY_NO_ROOM,       //  the pool is full now, or the share of the client
    BODY_LINE_TOO_LONG  //  a line of a body in pieces is too long; see http_pieces.h
} body_result_t;

//  Begin, and end, without bodies. limit bounds the bytes of all bodies of a pool.
void http_bodies_init (http_bodies_t *self, uint64_t body_limit, uint64_t limit);
void http_bodies_clear (http_bodies_t *self);

//  Return true if no further body of this size can begin now.
bool http_bodies_are_full (const http_bodies_t *self, uint64_t size);

//  Add bytes to a body. expected is the announced size; 0: unknown. Add nothing if the result is
//  not BODY_TAKEN.
body_result_t http_body_add (http_body_t *self, http_bodies_t *all, text_t bytes, size_t expected)
    __attribute__ ((warn_unused_result));

//  Remove the first bytes.
void http_body_drop (http_body_t *self, size_t size);

//  Return the bytes, with HTTP_BODY_PADDING readable bytes behind them.
text_t http_body_text (const http_body_t *self);

//  Remove the bytes and free the memory.
void http_body_free (http_body_t *self, http_bodies_t *all);

#endif
