//  Log lines about answers. At level debug the log has all answers. At other levels it has only
//  refusals: 4xx at info, 5xx at warn, and at most REFUSALS_PER_SECOND.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ANSWER_LOG_H
#define DOWNLINK_ANSWER_LOG_H

#include "gateway/access/caller.h"

#define REFUSALS_PER_SECOND 20

//  The refusals of this second. Each worker owns one; zeroed memory is the beginning.
typedef struct {
    int64_t second;
    unsigned logged;
    uint64_t left_out;  //  refusals that were not logged since the last line
} answer_log_t;

//  Return true if a refusal may be logged at this time. Otherwise count it.
bool answer_log_may (answer_log_t *self, int64_t now_ms);

//  Log an answer, with the arguments of http_answered_fn. The proxies in front tell the client's
//  address.
void answer_log (answer_log_t *self, const proxy_rules_t *proxies, http_request_t *request,
    unsigned status, const char *problem, int64_t us);

#endif
