//  Clients of librdkafka: settings of the file over our defaults, and ours that nobody may change.
//  Lines of librdkafka go to the log.
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
//  ignores settings of consumers, and the other way round, as gateway and processor may share a file.
//  Return NULL if the file sets a fixed one, or one that librdkafka does not take; then the log says
//  why, without the value.
rd_kafka_conf_t *kafka_client_settings (
    const bus_settings_t *config, const kafka_setting_t *defaults, const kafka_setting_t *fixed);

//  Create a client, which takes the configuration. Return NULL on failure; then the log says why.
rd_kafka_t *kafka_client_new (rd_kafka_type_t kind, rd_kafka_conf_t *settings);

#endif
