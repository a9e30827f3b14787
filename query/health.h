//  The health of a whole system: the answers of its processors and gateways, and their faults.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HEALTH_H
#define DOWNLINK_HEALTH_H

#include "query/find_processors.h"
#include "query/gateway_stats.h"

#define STORE_KIND_SIZE 16

//  One processor, from its stats.
typedef struct {
    const char *place;  //  host:port, borrowed
    bool is_up;         //  the processor has answered; else no member below is set
    uint64_t uptime_ms;
    uint64_t partitions;  //  number of owned partitions
    uint64_t rockets;
    uint64_t unsaved;             //  messages taken in and not yet saved
    char store[STORE_KIND_SIZE];  //  as in --store; empty: unknown
    bool is_store_away;
} processor_health_t;

typedef struct {
    GPtrArray *gateways;  //  of gateway_stats_t *
    GPtrArray *found;     //  of processor_answer_t *, with stats
    GArray *processors;   //  of processor_health_t, in the same order
    char *state;          //  the UUID of the state; NULL: unknown
    coverage_t coverage;
    GPtrArray *faults;  //  sentences; none: all is well
} health_t;

//  Ask the gateways and the processors (a list; NULL: the processors that the gateways hear, or
//  else localhost:5561), and find the faults. Ask again for up to timeout_ms while only owners are
//  missing, since partitions may be changing hands. Free the health with health_free.
void health_ask (
    health_t *self, const char *processors, const gateways_t *gateways, int64_t timeout_ms);

void health_free (health_t *self);

#endif
