//  Map path and method to a handler, in one table, and give the answers that every path has:
//  OPTIONS, 404, 405.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROUTES_H
#define DOWNLINK_ROUTES_H

#include "common/network/rates.h"
#include "gateway/access/browser_rules.h"
#include "gateway/handler/handler.h"
#include "gateway/state/answer_log.h"

//  The context of all functions below. The worker owns it.
typedef struct {
    parts_t parts;
    worker_metrics_t *metrics;
    answer_log_t log;
    browser_rules_t browser;
    rates_t *rates;  //  NULL: clients may send any number of requests
    const char
        *webhook;  //  origins that may deliver CloudEvents, comma-separated; *: all; NULL: none
} routes_t;

//  Pass a request to the handler of its path; an http_handler_fn.
void routes_handle (void *context, http_request_t *request);

//  Return the address of the client of a request, as the proxies before the gateway name it; an
//  http_caller_fn. Only a gateway behind proxies uses it.
client_address_t routes_caller (void *context, const http_request_t *request);

//  Return true to read the body of a request; else refuse the request and return false; an
//  http_admit_fn. Only a gateway with tokens or a rate uses it.
bool routes_admit (void *context, http_request_t *request);

//  Return true if the server should pass a body in pieces; an http_takes_pieces_fn.
bool routes_take_pieces (void *context, http_request_t *request);

//  Take a piece of a body; an http_piece_fn.
bool routes_piece (void *context, http_request_t *request, text_t lines);

//  Count an answer, and log it; an http_answered_fn.
void routes_answered (
    void *context, http_request_t *request, unsigned status, const char *problem, int64_t us);

#endif
