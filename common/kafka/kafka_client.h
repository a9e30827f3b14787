//  Make clients of librdkafka. The settings of the file override our defaults, but not our fixed
//  settings. Log lines of librdkafka go to our log.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KAFKA_CLIENT_H
#define DOWNLINK_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>

#include "common/bus/bus_settings.h"

typedef struct {
    const char *name;  //  NULL ends a list
    const char *value;
} kafka_setting_t;

//  Make a configuration: first the defaults, then the file, then the fixed settings. A producer
//  ignores settings of consumers and a consumer those of producers, because gateway and processor
//  may share a file. Return NULL if the file has a fixed setting, or one that librdkafka refuses;
//  then the log says why, without the value.
rd_kafka_conf_t *kafka_client_settings (
    const bus_settings_t *config, const kafka_setting_t *defaults, const kafka_setting_t *fixed);

//  Create a client, which takes the configuration. Return NULL on failure; then the log says why.
rd_kafka_t *kafka_client_new (rd_kafka_type_t kind, rd_kafka_conf_t *settings);

#endif
