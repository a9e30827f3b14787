//  Which answers get a line in the log. At level debug all of them do; above, only refusals: those
//  that blame the client (4xx) at info, ours (5xx) at warn, and of all of them only so many a second.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LOG_ANSWER_H
#define DOWNLINK_LOG_ANSWER_H

#include "http/http_request.h"

#define REFUSALS_PER_SECOND 20

//  How many were logged in this second. A worker owns one; zeroed memory is the beginning.
typedef struct {
    int64_t second;
    unsigned logged;
    uint64_t left_out;  //  since the last line
} answer_log_t;

//  May a refusal be logged at this time? Otherwise it is counted.
bool answer_log_may (answer_log_t *self, int64_t now_ms);

//  A request is answered; as http_answered_fn.
void answer_log (
    answer_log_t *self, http_request_t *request, unsigned status, const char *problem, int64_t us);

#endif
