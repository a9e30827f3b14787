//  Puts one question to every processor of a list, over REQ, and waits for what they say.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ASK_PROCESSORS_H
#define DOWNLINK_ASK_PROCESSORS_H

#include "common/network/addresses.h"
#include "query/protocol/query.h"
#include "query/protocol/reply.h"

typedef struct {
    char *processor;    //  host:port; of a name with several addresses, one answer each
    address_t address;  //  that was asked; none if the name has none
    GBytes *bytes;      //  its answer; NULL: there is none
    reply_t reply;      //  read from the bytes
    const char *fault;  //  why there is none, as the end of a sentence
} processor_answer_t;

//  Ask all of them at once, and wait for at most timeout_ms for their names' addresses and as long
//  again for their answers. Every address of a name is one: the IPv4 ones, or else those of IPv6.
//  processors was checked with addresses_parse. Returns an array of processor_answer_t *, in the
//  order of the list; the caller's, to free with g_ptr_array_unref.
GPtrArray *ask_processors (const char *processors, const query_t *query, int64_t timeout_ms);

//  The same for addresses (a GArray of address_t).
GPtrArray *ask_addresses (const GArray *addresses, const query_t *query, int64_t timeout_ms);

//  Ask each processor that answered before, under the same name. Those that did not answer are not
//  in the result.
GPtrArray *ask_again (const GPtrArray *answers, const query_t *query, int64_t timeout_ms);

#endif
