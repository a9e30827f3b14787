//  The flags of downlink-processor.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PROCESSOR_OPTIONS_H
#define DOWNLINK_PROCESSOR_OPTIONS_H

#include "common/service/service.h"
#include "processor/processor.h"

//  Read flags and environment into the configuration. Exit 2 after an explanation if one is wrong.
//  The texts of the configuration and the result are static.
const service_t *processor_options_read (processor_config_t *config, int argc, char **argv);

#endif
