//  A gateway: its workers, and the order in which they start and stop.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_GATEWAY_H
#define DOWNLINK_GATEWAY_H

#include "common/service/service.h"
#include "gateway/worker.h"

typedef struct {
    worker_config_t worker;  //  for the whole gateway; each worker gets its share
    unsigned workers;
    uint64_t connections_per_address;  //  0: any number
    uint64_t rate;                     //  requests a second for each client; 0: any number
    proxy_rules_t proxies;
    const char *processors;       //  a list that discovery_check accepts
    const char *token_file;       //  NULL: none
    tls_files_t tls;              //  certificate is NULL: the port speaks plain HTTP
    const char *curve_directory;  //  keys of the links to processors; NULL: they have none
} gateway_config_t;

//  Run until signals->stop is readable and everything is delivered. Return 0, or -1 if the gateway
//  cannot start; then the log says why.
int gateway_run (const gateway_config_t *config, const service_signals_t *signals);

#endif
