//  Answer requests in slices of time. A request is one message of a client: a query or a query
//  batch. A single query gets its reply at once, the queries of a query batch get theirs as fast as
//  the slices allow, and a list when its job is done (list_jobs.h). A query batch gets its reply
//  when all its queries have theirs.
//
//  Waiting requests are bounded in number and in bytes. A query above a bound gets a 503 at once.
//  The processor's thread owns the answerer.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ANSWERER_H
#define DOWNLINK_ANSWERER_H

#include "processor/shard/shards.h"

#define REQUESTS_MAX 4096                      //  waiting
#define REQUESTS_MAX_BYTES (64 * 1024 * 1024)  //  of unread queries of batches
#define REPLIES_MAX_BYTES (128 * 1024 * 1024)  //  of replies whose batches are incomplete
#define REQUEST_DEADLINE_MS 30000              //  of a query without a deadline

typedef struct answerer answerer_t;

//  Take the reply to a request, once. The bytes are borrowed for the call. If owner is not NULL,
//  hold a reference to it to keep the bytes without a copy. reply has no data if the answerer is
//  being destroyed: then there is no reply.
typedef void (reply_fn) (void *context, text_t reply, GBytes *owner);

//  Create an answerer. Both arguments are borrowed. The pool is for texts that lists hold.
answerer_t *answerer_new (shards_t *shards, text_pool_t *pool);

//  Free the answerer. The shards must still live.
void answerer_destroy (answerer_t **self_p);

//  The client of a request.
typedef struct {
    uint64_t number;
    bool may_remove;  //  rockets
} query_client_t;

//  Take a request of a client; the bytes are borrowed for the call. Call the function now or in a
//  later run. Bytes that are not a query get a 400 with the reason. until_us, on clock_us, bounds
//  the work on a query batch.
void answerer_take (answerer_t *self, text_t bytes, query_client_t client, reply_fn *function,
    void *context, int64_t until_us);

//  Return true if there is work: run soon.
bool answerer_is_busy (const answerer_t *self);

//  Go on with query batches and lists until the time is over or all work is done.
void answerer_run (answerer_t *self, int64_t until_us);

#endif
