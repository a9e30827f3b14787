//  An error as a response of type problem+json (RFC 9457). Pure; answers.h sends it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PROBLEM_H
#define DOWNLINK_PROBLEM_H

#include "common/bytes/json_writer.h"
#include "http/http_response.h"

//  Write further members into the open object of a problem.
typedef void (problem_members_fn) (const void *context, json_writer_t *json);

typedef struct {
    unsigned status;
    const char *name;                   //  the last part of its type, urn:downlink:problem:NAME
    const char *detail;                 //  a sentence
    const char *allow;                  //  with 405: the methods of the path
    const char *accept_encoding;        //  with 415: the codings that a body may have
    const char *rate_policy;            //  with 429: the policy that the client has used up
    const char *challenge;              //  with 401 and 403: how to authenticate (RFC 9110)
    problem_members_fn *write_members;  //  NULL: the problem has no further members
    const void *members;                //  for write_members
} problem_t;

//  Return the response that reports a problem. It borrows from the problem and from json, which
//  must be empty. 503 and 429 get a Retry-After.
http_response_t problem_response (
    const problem_t *problem, const char *request_id, json_writer_t *json);

#endif
