//  One thread of a gateway: the loop over HTTP, the publisher and the queries. Workers share nothing
//  but the port, the discovery and the flag that says stop.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WORKER_H
#define DOWNLINK_WORKER_H

#include <stdatomic.h>

#include "common/json_writer.h"
#include "common/message_json.h"
#include "gateway/batch.h"
#include "gateway/directory.h"
#include "gateway/http_server.h"
#include "gateway/publisher.h"
#include "query/ask_owners.h"

typedef enum { OVERFLOW_REJECT, OVERFLOW_DROP } overflow_t;

//  What all workers are told; the numbers are already a worker's share.
typedef struct {
    const char *address;
    uint16_t port;
    uint64_t buffer;
    overflow_t overflow;
    uint64_t wait_ms;
    uint64_t idle_connections;
    uint64_t max_body_bytes;
    unsigned max_connections;
    const char *cors;  //  NULL: none
} worker_config_t;

//  What the handlers work with; the worker's thread owns all of it.
typedef struct {
    worker_config_t config;
    http_server_t *http;
    publisher_t *publisher;
    directory_t *directory;
    asker_t *asker;
    message_json_t *reader;
    batch_t *batch;
    json_writer_t *json;
    GQueue *waiting;          //  of http_request_t *: POSTs that wait for room, the oldest first
    uint64_t dropped;         //  messages, with overflow drop
    const atomic_int *phase;  //  the gateway's: 0 running, 1 not ready any more, 2 stopping
} worker_t;

//  Listen. NULL if that cannot be; the log says why. The discovery and the phase are borrowed.
worker_t *worker_new (
    const worker_config_t *config, discovery_t *discovery, const atomic_int *phase);

//  Work until the phase says stop, then answer what is there and deliver what was accepted, for
//  some seconds at the most.
void worker_run (worker_t *self);

void worker_destroy (worker_t **self_p);

#endif
