//  Puts one question to every processor of a list, over REQ, and waits for what they say.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ASK_PROCESSORS_H
#define DOWNLINK_ASK_PROCESSORS_H

#include "query/query.h"

typedef struct {
    char *processor;  //  host:port, as it was given
    GBytes *bytes;    //  its answer; NULL: there was none in time
    reply_t reply;    //  read from the bytes
} answer_t;

//  Ask all of them, each for at most timeout_ms. Returns an array of answer_t *, one a processor, in
//  the order of the list; the caller's, to free with g_ptr_array_unref.
GPtrArray *ask_processors (const char *processors, const query_t *query, int64_t timeout_ms);

#endif
