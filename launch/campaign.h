//  Sends messages to a gateway as the client that the service was made for does: some at a time,
//  each on a connection of its own that is never closed, again and again until it gets a 2xx. An
//  answer that would be the same again (404, say) is told on standard error, and ends the campaign.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CAMPAIGN_H
#define DOWNLINK_CAMPAIGN_H

#include <glib.h>
#include <stdint.h>

#include "launch/http_client.h"

#define CAMPAIGN_STATUSES 600

typedef struct {
    uint64_t concurrency;
    bool new_connections;      //  else connections are used again
    uint64_t batch;            //  messages a request; above 1 as NDJSON
    uint64_t rate;             //  messages a second at most; 0: as fast as answered
    uint64_t delay_ms;         //  pause of each of the concurrent senders between two requests
    uint64_t retry_ms;         //  until what got no 2xx is sent again
    uint64_t timeout_ms;       //  until an answer is given up
    uint64_t max_duration_ms;  //  0: none
    int stop_fd;               //  becomes readable when the user has had enough
    bool shows_progress;
} campaign_plan_t;

typedef struct {
    uint64_t messages;   //  to be sent
    uint64_t delivered;  //  got a 2xx
    uint64_t requests;
    uint64_t retries;
    uint64_t timeouts;
    uint64_t connection_errors;
    uint64_t connections;
    uint64_t statuses[CAMPAIGN_STATUSES];  //  answers by status
    GArray *latencies_us;  //  guint32: of every 2xx, from the first byte sent to the last received
    int64_t duration_us;
} campaign_result_t;

//  Send the messages (char *). The result is the caller's, with campaign_result_clear.
void campaign_run (const campaign_plan_t *plan, const http_place_t *place,
    const GPtrArray *messages, campaign_result_t *result);

void campaign_result_clear (campaign_result_t *result);

#endif
