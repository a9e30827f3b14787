//  Make HTTP requests from a loop that must not wait: libcurl works only on sockets that are ready.
//  A request ends with one call of its function, from web_run. One thread owns a web_t.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WEB_H
#define DOWNLINK_WEB_H

#include <stdint.h>

#include "common/text/text.h"

#define WEB_ANSWER_MAX_BYTES ((size_t) 32 * 1024 * 1024)
#define WEB_CONNECTIONS_MAX 64  //  at a time; further requests wait for one

typedef struct web web_t;

//  A signature of AWS, version 4. The texts are borrowed for the call.
typedef struct {
    const char *region;
    const char *service;  //  "sqs"
    const char *key;      //  the id of the key
    const char *secret;
    const char *token;  //  of a session; NULL: none
} web_signature_t;

//  A request. All of it is copied.
typedef struct {
    const char *method;                //  "GET", "PUT" or "POST"
    const char *url;                   //  http or https
    const char *const *headers;        //  "Name: value" each; NULL ends them; NULL: none
    text_t body;                       //  of a POST
    const web_signature_t *signature;  //  NULL: not signed
    int timeout_ms;                    //  for all of it
    bool is_local;                     //  never through a proxy
} web_request_t;

//  An answer, borrowed.
typedef struct {
    long status;        //  of HTTP; 0: there is no answer
    text_t body;        //  a zero byte follows it
    const char *fault;  //  why there is no answer; NULL: there is one
} web_answer_t;

typedef void (web_answer_fn) (void *context, const web_answer_t *answer);

web_t *web_new (void);

//  Give up all requests, without calling their functions.
void web_destroy (web_t **self_p);

//  Begin a request. Its function is called later, never from here.
void web_send (web_t *self, const web_request_t *request, web_answer_fn *answered, void *context);

//  Go on with all requests, and call the functions of those that ended. Never wait.
void web_run (web_t *self);

//  Make the descriptor ready at this time of clock_ms at the latest. The next run forgets it.
void web_wake_at (web_t *self, int64_t at_ms);

//  Return a descriptor that is readable when web_run has work.
int web_fd (const web_t *self);

#endif
