//  The body of a request as it comes in. Limits bound each body, and all bodies of a server
//  together.
//
//  A body takes memory for the bytes that have come, never for an announced length. Small bodies
//  and large bodies have a pool each, so that large bodies never keep a small one out.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_BODY_H
#define DOWNLINK_HTTP_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text/text.h"

#define HTTP_BODY_SMALL_BYTES ((size_t) 64 * 1024)  //  largest small body

typedef enum { BODY_POOL_SMALL, BODY_POOL_LARGE, BODY_POOLS } body_pool_t;

//  The bodies of a server.
typedef struct {
    uint64_t bytes[BODY_POOLS];  //  of all bodies of a pool
    uint64_t limit[BODY_POOLS];  //  of bytes
    uint64_t body_limit;         //  of each body
} http_bodies_t;

//  Zeroed memory is an empty body.
typedef struct {
    char *data;
    size_t size;
    size_t capacity;
} http_body_t;

typedef enum {
    BODY_TAKEN,
    BODY_TOO_LARGE,     //  the body is over its own limit: it can never be taken
    BODY_NO_ROOM,       //  the pool is full now
    BODY_LINE_TOO_LONG  //  a line of a body in pieces is too long; see http_pieces.h
} body_result_t;

//  Return true if no further body of this size can begin now.
bool http_bodies_are_full (const http_bodies_t *self, uint64_t size);

//  Add bytes to a body. expected is the announced size; 0: unknown. On any other result than
//  BODY_TAKEN nothing is added.
body_result_t http_body_add (http_body_t *self, http_bodies_t *all, text_t bytes, size_t expected)
    __attribute__ ((warn_unused_result));

//  Remove the first bytes.
void http_body_drop (http_body_t *self, size_t size);

//  Return the bytes, with HTTP_BODY_PADDING readable bytes behind them.
text_t http_body_text (const http_body_t *self);

//  Remove the bytes and free the memory.
void http_body_free (http_body_t *self, http_bodies_t *all);

#endif
