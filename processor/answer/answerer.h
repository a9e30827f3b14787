//  Requests to answers, in slices. A request is one message of a client: a question, or a batch. A
//  single question is answered at once; the questions of a batch as fast as the slices allow; lists
//  when their jobs are done (list_jobs.h). A batch is answered when all of its questions are.
//
//  What waits is bounded, in number and in bytes: beyond, a question gets a 503 at once. The
//  processor's thread owns the answerer.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ANSWER_REQUESTS_H
#define DOWNLINK_ANSWER_REQUESTS_H

#include "processor/shard/shards.h"

#define REQUESTS_MAX 4096                      //  that wait
#define REQUESTS_MAX_BYTES (64 * 1024 * 1024)  //  of batches that were not wholly read
#define ANSWERS_MAX_BYTES (128 * 1024 * 1024)  //  of answers that wait for their batches' others
#define REQUEST_DEADLINE_MS 30000              //  of a question that says none

typedef struct answerer answerer_t;

//  Called once for each request with its answer. The bytes are borrowed for the call; owner, if it
//  is not NULL, can be held to keep them without a copy. No bytes: the answerer is destroyed, and
//  there is no answer.
typedef void (answer_fn) (void *context, text_t answer, GBytes *owner);

//  Both are borrowed; the pool is that of the rockets' texts.
answerer_t *answerer_new (shards_t *shards, text_pool_t *pool);

//  Destroy the answerer while the shards still live.
void answerer_destroy (answerer_t **self_p);

//  Take a request of a client, which is known by a number; the bytes are borrowed for the call. The
//  function is called during the call or
//  from a later run. Anything that is no question gets a 400 that says why.
void answerer_take (answerer_t *self, text_t bytes, uint64_t client, answer_fn *function,
    void *context, int64_t until_us);

//  True if there is work: run soon.
bool answerer_is_busy (const answerer_t *self);

//  Go on with batches and lists until the time is over, or nothing is left to do.
void answerer_run (answerer_t *self, int64_t until_us);

#endif
