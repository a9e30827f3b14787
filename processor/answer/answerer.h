//  Answer requests in slices of time. A request is one message of a client: a query or a query
//  batch. A single query gets its reply at once, the queries of a query batch get theirs as fast as
//  the slices allow, and a list when its job is done (list_jobs.h). A query batch gets its answer
//  when all its queries have replies.
//
//  Waiting requests are bounded in number and in bytes. A query above a bound gets a 503 at once.
//  The processor's thread owns the answerer.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ANSWER_REQUESTS_H
#define DOWNLINK_ANSWER_REQUESTS_H

#include "processor/shard/shards.h"

#define REQUESTS_MAX 4096                      //  waiting
#define REQUESTS_MAX_BYTES (64 * 1024 * 1024)  //  of unread queries of batches
#define ANSWERS_MAX_BYTES (128 * 1024 * 1024)  //  of replies whose batches are incomplete
#define REQUEST_DEADLINE_MS 30000              //  of a query without a deadline

typedef struct answerer answerer_t;

//  Take the answer of a request, once. The bytes are borrowed for the call. If owner is not NULL,
//  hold a reference to it to keep the bytes without a copy. answer has no data if the answerer is
//  being destroyed: then there is no answer.
typedef void (answer_fn) (void *context, text_t answer, GBytes *owner);

//  Create an answerer. Both arguments are borrowed. The pool is for texts that lists hold.
answerer_t *answerer_new (shards_t *shards, text_pool_t *pool);

//  Free the answerer. The shards must still live.
void answerer_destroy (answerer_t **self_p);

typedef struct {
    uint64_t number;
    bool may_remove;  //  rockets
} answer_client_t;

//  Take a request of a client; the bytes are borrowed for the call. Call the function now or in a
//  later run. Bytes that are not a query get a 400 with the reason. until_us, on clock_us, bounds
//  the work on a query batch.
void answerer_take (answerer_t *self, text_t bytes, answer_client_t client, answer_fn *function,
    void *context, int64_t until_us);

//  Return true if there is work: run soon.
bool answerer_is_busy (const answerer_t *self);

//  Go on with query batches and lists until the time is over or all work is done.
void answerer_run (answerer_t *self, int64_t until_us);

#endif
