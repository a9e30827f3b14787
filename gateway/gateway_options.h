//  The flags of downlink-gateway.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_GATEWAY_OPTIONS_H
#define DOWNLINK_GATEWAY_OPTIONS_H

#include "common/service/service.h"
#include "gateway/gateway.h"

//  Read flags and environment into the configuration. Exit 2 after an explanation if one is wrong.
//  The texts of the configuration and the result are static.
const service_t *gateway_options_read (gateway_config_t *config, int argc, char **argv);

#endif
