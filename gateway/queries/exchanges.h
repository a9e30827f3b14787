//  The exchanges with processors: queries out, replies in.
//
//  The short queries of a turn to one processor travel as one query batch. Lists use a separate
//  socket and one exchange each, so that large replies do not delay small ones. A query ends with
//  its reply, or when its processor is gone or has lost the partition; time alone never repeats a
//  query. A worker owns its exchanges.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_EXCHANGES_H
#define DOWNLINK_EXCHANGES_H

#include "gateway/owners/directory.h"
#include "query/protocol/query.h"
#include "query/protocol/reply.h"

typedef struct exchanges exchanges_t;

//  Take the reply to a query (borrowed), and for a list the bytes that hold the reply. Each query
//  gets one call. reply is NULL if no reply will come: the query may be sent again.
typedef void (exchange_fn) (void *context, void *inquiry, const reply_t *reply, GBytes *bytes);

//  Make an object without exchanges. The directory is borrowed.
exchanges_t *exchanges_new (directory_t *directory, exchange_fn *function, void *context);

//  End all queries: call the function for each without a reply.
void exchanges_destroy (exchanges_t **self_p);

//  Ask a processor for a rocket of a partition. exchanges_send sends the query.
void exchanges_ask_rocket (
    exchanges_t *self, peer_t *peer, uint32_t partition, const query_t *query, void *inquiry);

//  Ask a processor for a list of the partitions in the query. Return false if its socket takes
//  nothing now: then nothing was sent, and the function is not called.
bool exchanges_ask_list (exchanges_t *self, peer_t *peer, const query_t *query, void *inquiry)
    __attribute__ ((warn_unused_result));

//  Send the short queries since the last call.
void exchanges_send (exchanges_t *self);

//  Read a bounded number of bytes of replies, and find processors that are gone. Never wait.
void exchanges_run (exchanges_t *self);

//  Return true if the last run left replies unread.
bool exchanges_is_due (const exchanges_t *self);

#endif
