//  Send a query to every processor of a list, over REQ, and wait for the replies.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ASK_PROCESSORS_H
#define DOWNLINK_ASK_PROCESSORS_H

#include "common/network/addresses.h"
#include "query/protocol/query.h"
#include "query/protocol/reply.h"

typedef struct {
    char *processor;    //  host:port; a name with several addresses has several answers
    address_t address;  //  the address that was asked; empty: the name has no address
    GBytes *bytes;      //  of the reply; NULL: no reply came
    reply_t reply;      //  read from the bytes
    const char *fault;  //  the reason for a missing reply, as the end of a sentence
} processor_answer_t;

//  Ask all processors at once. Wait at most timeout_ms for the addresses of their names, and as
//  long again for their replies. Ask every IPv4 address of a name, or, if it has none, every IPv6
//  address. processors is a list that addresses_parse accepts. Return an array of
//  processor_answer_t *, in the order of the list; the caller frees it with g_ptr_array_unref.
GPtrArray *ask_processors (const char *processors, const query_t *query, int64_t timeout_ms);

//  Do the same for addresses (a GArray of address_t).
GPtrArray *ask_addresses (const GArray *addresses, const query_t *query, int64_t timeout_ms);

//  Ask again each processor that has answered, under the same name. The result has only these
//  processors.
GPtrArray *ask_again (const GPtrArray *answers, const query_t *query, int64_t timeout_ms);

#endif
