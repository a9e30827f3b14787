//  A gateway: its workers, and the order in which they start and stop.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_GATEWAY_H
#define DOWNLINK_GATEWAY_H

#include "gateway/worker.h"

typedef struct {
    worker_config_t worker;  //  for the whole gateway; each worker gets its share
    unsigned workers;
    const char *processors;  //  was checked with discovery_check
} gateway_config_t;

//  Run until stop_fd (signalfd, the caller's) is readable and everything is delivered. Returns 0, or
//  -1 if it could not start; then the log says why.
int gateway_run (const gateway_config_t *config, int stop_fd);

#endif
