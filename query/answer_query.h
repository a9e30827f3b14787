//  Answers questions from the shards of this process.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ANSWER_QUERY_H
#define DOWNLINK_ANSWER_QUERY_H

#include "processor/shards.h"
#include "query/query.h"

//  Write the answer to a question; anything that is none gets a 400 that says why. Never waits for
//  the disk; a list looks at every rocket once and keeps only the best.
void answer_query (shards_t *shards, text_t question, GByteArray *answer);

#endif
