//  Path and method to handler.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROUTES_H
#define DOWNLINK_ROUTES_H

#include "gateway/worker.h"
#include "http/answers.h"
#include "http/http_target.h"

//  The http_handler_fn of a worker: context is the worker_t.
void routes_handle (void *context, http_request_t *request);

//  Its http_takes_pieces_fn.
bool routes_take_pieces (void *context, http_request_t *request);

//  Its http_answered_fn: counts, and logs.
void routes_answered (
    void *context, http_request_t *request, unsigned status, const char *problem, int64_t us);

//  The handlers. Each answers the request, or holds it; id is a rocket's, decoded.
void handle_post_messages (worker_t *worker, http_request_t *request);
void handle_get_rocket (worker_t *worker, http_request_t *request, text_t id);
void handle_get_rockets (worker_t *worker, http_request_t *request, const http_target_t *target);
void handle_get_events (worker_t *worker, http_request_t *request, const http_target_t *target);
void handle_get_openapi (worker_t *worker, http_request_t *request);
void handle_get_dashboard (http_request_t *request, const char *path);
void handle_live (worker_t *worker, http_request_t *request);
void handle_ready (worker_t *worker, http_request_t *request);
void handle_stats (worker_t *worker, http_request_t *request);
void handle_metrics (worker_t *worker, http_request_t *request);

//  True if the path is the dashboard's, or that of a file that it takes.
bool is_dashboard (const char *path);

//  Is the body of this POST one of lines, which can be read in pieces?
bool post_messages_come_in_pieces (http_request_t *request);

//  Offer the POSTs that wait for room again, as there may be some now.
void post_messages_retry (worker_t *worker);

#endif
