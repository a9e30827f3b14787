//  Write the replies to single queries, from the shards of this process, and to lists.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ANSWER_QUERY_H
#define DOWNLINK_ANSWER_QUERY_H

#include "processor/shard/selection.h"
#include "processor/shard/shards.h"
#include "query/protocol/query.h"
#include "query/protocol/reply.h"

//  The detail of a 503 for a query after its deadline.
#define QUERY_EXPIRED "the deadline of this query has passed"

//  Write the reply to a query that is neither a list nor a query batch. Never waits.
void answer_query (shards_t *shards, const query_t *query, GByteArray *reply);

//  Write the reply to a list: the rockets of a settled selection, as many as the list wants and
//  LIST_REPLY_MAX_BYTES allows. owned: the partitions that the list covers.
void answer_list (
    const selection_t *selection, const owned_t *owned, uint32_t owned_count, GByteArray *reply);

#endif
