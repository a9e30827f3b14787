//  The tools that the parts of the intake share. intake.c owns them and lends them out.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_INTAKE_TOOLS_H
#define DOWNLINK_INTAKE_TOOLS_H

#include "common/bytes/json_writer.h"
#include "gateway/delivery/publisher.h"
#include "gateway/intake/newcomers.h"
#include "gateway/metrics/gateway_metrics.h"

//  The time of a turn for long bodies that are read as a whole, and as much again for pieces of
//  uploads: short, as all other requests of the worker wait meanwhile.
#define READ_US_PER_TURN 5000

//  The answer to a request without room, in the order of the choices of --overflow.
typedef enum { OVERFLOW_REJECT, OVERFLOW_DROP } overflow_t;

typedef struct {
    publisher_t *publisher;
    newcomers_t *newcomers;
    json_writer_t *json;
    worker_metrics_t *metrics;
    overflow_t overflow;
    uint64_t wait_ms;  //  how long a request waits for room
    size_t max_body_bytes;
} intake_tools_t;

#endif
