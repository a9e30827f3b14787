//  One thread of a gateway: the loop over HTTP, the publisher and the queries. Workers share nothing
//  but the port, the discovery and the flag that says stop.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WORKER_H
#define DOWNLINK_WORKER_H

#include <stdatomic.h>

#include "common/bytes/json_writer.h"
#include "common/bytes/message_json.h"
#include "gateway/delivery/batch.h"
#include "gateway/delivery/publish_zmq.h"
#include "gateway/events/event_streams.h"
#include "gateway/metrics/gateway_metrics.h"
#include "gateway/owners/directory.h"
#include "gateway/questions/ask_owners.h"
#include "gateway/state/log_answer.h"
#include "http/http_server.h"

typedef enum { OVERFLOW_REJECT, OVERFLOW_DROP } overflow_t;

//  What all workers are told; the numbers are already a worker's share. The publisher's metrics are
//  the worker's own.
typedef struct {
    const char *address;
    uint16_t port;
    publish_zmq_config_t publisher;
    overflow_t overflow;
    uint64_t wait_ms;
    uint64_t idle_connections;
    uint64_t event_streams;
    uint64_t max_body_bytes;
    unsigned max_connections;
    const char *cors;            //  NULL: none
    gateway_metrics_t *metrics;  //  of all workers
} worker_config_t;

//  What the handlers work with; the worker's thread owns all of it.
typedef struct {
    worker_config_t config;
    http_server_t *http;
    publisher_t *publisher;
    worker_metrics_t *metrics;  //  this worker's own
    answer_log_t answer_log;
    directory_t *directory;
    asker_t *asker;
    event_streams_t *streams;
    message_json_t *reader;
    batch_t *batch;
    json_writer_t *json;
    GQueue *waiting;          //  of http_request_t *: POSTs that wait for room, the oldest first
    uint64_t full_buffered;   //  messages, when there was no room for the first of them;
    int64_t retry_at_ms;      //  it is tried again then, or when they are fewer
    GQueue *uploads;          //  of uploads (upload.c) that wait for room
    GQueue *accepted;         //  that wait for the journal, likewise
    GQueue *applying;         //  that are kept, and wait to be applied
    const atomic_int *phase;  //  the gateway's: 0 running, 1 not ready any more, 2 stopping
} worker_t;

//  Open the journal and listen. NULL if that cannot be; the log says why. The discovery and the phase
//  are borrowed.
worker_t *worker_new (
    const worker_config_t *config, discovery_t *discovery, const atomic_int *phase);

//  Work until the phase says stop, then answer what is there and deliver what was accepted, for
//  some seconds at the most: what is in a journal waits there for the next start.
void worker_run (worker_t *self);

void worker_destroy (worker_t **self_p);

#endif
