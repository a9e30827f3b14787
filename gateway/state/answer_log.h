//  Lines in the log about answers. Level debug logs all answers. Other levels log refusals only:
//  4xx at info, 5xx at warn, and a limited number of them a second.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ANSWER_LOG_H
#define DOWNLINK_ANSWER_LOG_H

#include "gateway/access/caller.h"

#define REFUSALS_PER_SECOND 20

//  Number of refusals logged in this second. Each worker owns one; zeroed memory is the beginning.
typedef struct {
    int64_t second;
    unsigned logged;
    uint64_t left_out;  //  refusals that were not logged since the last line
} answer_log_t;

//  Return true if a refusal may be logged at this time. Otherwise count it.
bool answer_log_may (answer_log_t *self, int64_t now_ms);

//  Log an answer, as http_answered_fn says. The proxies in front tell who the client is.
void answer_log (answer_log_t *self, const proxy_rules_t *proxies, http_request_t *request,
    unsigned status, const char *problem, int64_t us);

#endif
