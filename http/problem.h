//  A refusal as problem+json (RFC 9457): every error the gateway answers is made here.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PROBLEM_H
#define DOWNLINK_PROBLEM_H

#include "common/bytes/json_writer.h"
#include "http/http_server.h"

//  Of one message of a request, what is wrong with it.
typedef struct {
    size_t index;   //  which message, from 0
    char *pointer;  //  where in it, a JSON pointer or a header field's name
    char *detail;   //  what was expected
} refusal_t;

#define PROBLEM_REFUSALS_MAX 10000  //  so many are told; detail says how many there are

typedef struct {
    unsigned status;
    const char *name;    //  the last part of type, urn:downlink:problem:NAME
    const char *detail;  //  a sentence
    const refusal_t *refusals;
    size_t refusals_count;
    const char *allow;  //  405: the methods there are
} problem_t;

//  Return the words that go with a status.
const char *problem_title (unsigned status);

//  Answer a request with a problem. 503 gets a Retry-After.
void problem_answer (http_request_t *request, const problem_t *problem);

//  Write refusals as a JSON array.
void problem_write_refusals (json_writer_t *json, const refusal_t *refusals, size_t count);

#endif
