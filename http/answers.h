//  The usual answers to a request, each in one call. The thread of the server calls them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ANSWERS_H
#define DOWNLINK_ANSWERS_H

#include "http/http_request.h"
#include "http/problem.h"

//  Answer with a JSON body, which is copied.
void answer_json (http_request_t *request, unsigned status, text_t body);

//  Answer with a response and an ETag for its body, or with 304 if the client has that body
//  already.
void answer_tagged (http_request_t *request, const http_response_t *response);

//  Answer with a problem that has no further members. name is the last part of its type.
void answer_problem (
    http_request_t *request, unsigned status, const char *name, const char *detail);

//  Answer with a problem that has further members or fields.
void answer_problem_with (http_request_t *request, const problem_t *problem);

#endif
