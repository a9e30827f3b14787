//  Send messages to a gateway over several connections. Repeat each message until its answer is a
//  2xx. A permanent refusal (for example 404) ends the campaign; standard error says why.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CAMPAIGN_H
#define DOWNLINK_CAMPAIGN_H

#include <glib.h>
#include <stdint.h>

#include "common/client/http_client.h"

#define CAMPAIGN_STATUSES 600

//  Descriptors that a campaign needs beside one for each request in progress.
#define CAMPAIGN_DESCRIPTORS 64

typedef struct {
    uint64_t concurrency;
    bool new_connections;      //  a new connection for each request; else connections stay open
    uint64_t batch;            //  messages a request; above 1 as NDJSON
    uint64_t rate;             //  most messages a second; 0: no limit
    uint64_t delay_ms;         //  pause of each of the concurrent senders between two requests
    uint64_t retry_ms;         //  pause before a message without a 2xx is sent again
    uint64_t timeout_ms;       //  longest wait for an answer
    uint64_t max_duration_ms;  //  0: none
    int stop_fd;               //  readable when the user ends the campaign
    bool shows_progress;
} campaign_plan_t;

typedef struct {
    uint64_t messages;   //  of the campaign
    uint64_t delivered;  //  messages that got a 2xx
    uint64_t requests;
    uint64_t retries;
    uint64_t timeouts;
    uint64_t connection_errors;
    uint64_t connections;
    uint64_t statuses[CAMPAIGN_STATUSES];  //  answers by status
    GArray *latencies_us;  //  guint32: of every 2xx, from the first byte sent to the last received
    int64_t duration_us;
} campaign_result_t;

//  Send the messages (char *). The caller frees the result with campaign_result_clear.
void campaign_run (const campaign_plan_t *plan, const http_place_t *place,
    const GPtrArray *messages, campaign_result_t *result);

void campaign_result_clear (campaign_result_t *result);

#endif
