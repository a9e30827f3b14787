//  Path and method to handler.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROUTES_H
#define DOWNLINK_ROUTES_H

#include "gateway/http_target.h"
#include "gateway/worker.h"

//  The http_handler_fn of a worker: context is the worker_t.
void routes_handle (void *context, http_request_t *request);

//  The handlers. Each answers the request, or holds it; id is a rocket's, decoded.
void handle_post_messages (worker_t *worker, http_request_t *request);
void handle_get_rocket (worker_t *worker, http_request_t *request, text_t id);
void handle_get_rockets (worker_t *worker, http_request_t *request, const http_target_t *target);
void handle_live (worker_t *worker, http_request_t *request);
void handle_ready (worker_t *worker, http_request_t *request);

//  Offer the POSTs that wait for room again, as there may be some now.
void post_messages_retry (worker_t *worker);

//  Answer with a JSON body.
void answer_json (http_request_t *request, unsigned status, text_t body);

//  Answer with a problem without further members.
void answer_problem (
    http_request_t *request, unsigned status, const char *name, const char *detail);

#endif
