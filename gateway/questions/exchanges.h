//  The exchanges with processors that are under way: questions out, answers in.
//
//  The single questions of a turn to the same processor travel as one batch. A list is an exchange
//  of its own, over a socket of its own, so that no large answer is in the way of small ones. A
//  question stays under way until it is answered, or its processor is gone or has lost the
//  partition: it is never asked again because of time alone. A worker owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_EXCHANGES_H
#define DOWNLINK_EXCHANGES_H

#include "gateway/owners/directory.h"
#include "query/protocol/query.h"
#include "query/protocol/reply.h"

typedef struct exchanges exchanges_t;

//  Told once of every question: its reply (borrowed), and for a list the bytes that hold the reply.
//  reply is NULL if none is to come: the question may be asked again.
typedef void (exchange_fn) (void *context, void *question, const reply_t *reply, GBytes *bytes);

//  The directory is borrowed.
exchanges_t *exchanges_new (directory_t *directory, exchange_fn *function, void *context);

//  Tells of every question that is under way that no reply is to come.
void exchanges_destroy (exchanges_t **self_p);

//  Ask a processor for a rocket of a partition. The question goes out with exchanges_send.
void exchanges_ask_rocket (
    exchanges_t *self, peer_t *peer, uint32_t partition, const query_t *query, void *question);

//  Ask a processor for a list of the partitions in the query. Return false if it takes nothing now:
//  nothing was sent, and the function is not called.
bool exchanges_ask_list (exchanges_t *self, peer_t *peer, const query_t *query, void *question)
    __attribute__ ((warn_unused_result));

//  Send the single questions that were asked since the last call.
void exchanges_send (exchanges_t *self);

//  Take in answers, a bounded number of bytes, and look for processors that are gone. Never waits.
void exchanges_run (exchanges_t *self);

//  True if the last run left answers to be taken in.
bool exchanges_is_due (const exchanges_t *self);

#endif
