//  The signature of every handler, and the parts of a worker that handlers use.
//
//  A handler answers its request, or holds it and answers later. It runs on the worker's thread.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HANDLER_H
#define DOWNLINK_HANDLER_H

#include "common/bytes/json_writer.h"
#include "gateway/access/access.h"
#include "gateway/access/caller.h"
#include "gateway/handler/phase.h"
#include "gateway/metrics/gateway_metrics.h"
#include "http/http_request.h"
#include "http/rules/http_target.h"

//  The worker owns all of it, and lends it to handlers for as long as it lives.
typedef struct {
    struct intake *intake;               //  POST /messages
    struct publisher *publisher;         //  accepted messages, to their owners
    struct link *link;                   //  of the publisher
    struct directory *directory;         //  owners of partitions
    struct asker *asker;                 //  queries to owners
    struct event_streams *streams;       //  GET /events
    json_writer_t *json;                 //  for one answer at a time
    gateway_metrics_t *gateway_metrics;  //  of all workers
    const access_t *access;              //  tokens
    const proxy_rules_t *proxies;        //  in front
    tls_keeper_t *tls;                   //  NULL: the port speaks plain HTTP
    const phase_t *phase;                //  of the gateway
} parts_t;

typedef void (handler_fn) (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

#endif
