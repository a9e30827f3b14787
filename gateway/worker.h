//  One thread of a gateway: a loop that serves HTTP, delivers messages and asks processors. Workers
//  share only the port, the discovery, the served state and the phase.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WORKER_H
#define DOWNLINK_WORKER_H

#include <stdatomic.h>

#include "common/network/rates.h"
#include "curve/peer_keeper.h"
#include "gateway/access/browser_rules.h"
#include "gateway/access/caller.h"
#include "gateway/access/token_keeper.h"
#include "gateway/delivery/link_publisher.h"
#include "gateway/handler/phase.h"
#include "gateway/intake/intake_tools.h"
#include "gateway/link/choose_link.h"
#include "gateway/metrics/gateway_metrics.h"
#include "http/http_config.h"

//  The settings of a worker. Its limits are its share of the gateway's. publisher.metrics belong to
//  this worker.
typedef struct {
    unsigned index;                     //  of the worker, from 0
    const atomic_uint *state_requests;  //  rises when the workers should log their state; borrowed
    const char *address;
    uint16_t port;
    bus_choice_t bus;
    link_publisher_config_t publisher;
    overflow_t overflow;
    uint64_t wait_ms;
    uint64_t idle_connections;
    uint64_t event_streams;
    uint64_t max_body_bytes;
    unsigned max_connections;
    http_crowds_t *crowds;  //  of all workers; borrowed
    rates_t *rates;         //  of all workers; borrowed; NULL: no rate
    browser_rules_t browser;
    token_keeper_t *tokens;        //  of all workers; borrowed; NULL: none
    tls_keeper_t *tls;             //  the same
    peer_keeper_t *keys;           //  of links; borrowed; NULL: they have none
    const proxy_rules_t *proxies;  //  of all workers; borrowed
    const char *webhook;           //  NULL: none
    http_times_t times;
    gateway_metrics_t *metrics;  //  of all workers; borrowed
    served_state_t *state;       //  of all workers; borrowed
} worker_config_t;

typedef struct worker worker_t;

//  Open the journal and listen. Return NULL if that fails; the log says why. The discovery and the
//  phase are borrowed.
worker_t *worker_new (const worker_config_t *config, discovery_t *discovery, const phase_t *phase);

//  Work until the phase is GATEWAY_STOPPING. Then answer the open requests and deliver the accepted
//  messages, for some seconds at most: messages in a journal stay there for the next start.
void worker_run (worker_t *self);

void worker_destroy (worker_t **self_p);

#endif
