//  The handlers that show the state of the gateway: probes, /stats and /metrics.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HANDLE_STATE_H
#define DOWNLINK_HANDLE_STATE_H

#include "gateway/handler/handler.h"

//  Handle GET /livez and /healthz.
void handle_live (const parts_t *parts, http_request_t *request, const http_target_t *target);

//  Handle GET /readyz.
void handle_ready (const parts_t *parts, http_request_t *request, const http_target_t *target);

//  Handle GET /stats: the counters of this gateway and this worker's view of the processors, as
//  JSON.
void handle_stats (const parts_t *parts, http_request_t *request, const http_target_t *target);

//  Handle GET /metrics: the same for Prometheus.
void handle_metrics (const parts_t *parts, http_request_t *request, const http_target_t *target);

#endif
