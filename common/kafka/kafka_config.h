//  The file of --kafka-config: settings for librdkafka, one `name=value` a line. Blank lines and
//  lines that begin with # are ignored. The values may be secrets, so none is ever logged.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KAFKA_CONFIG_H
#define DOWNLINK_KAFKA_CONFIG_H

#include <stddef.h>

#define KAFKA_CONFIG_LINES_MAX 256

typedef struct kafka_config kafka_config_t;

//  Read the file. Return NULL if it cannot be read, has a line of another form, or does not set
//  bootstrap.servers; then the log says why.
kafka_config_t *kafka_config_read (const char *path);

void kafka_config_destroy (kafka_config_t **self_p);

//  Return the number of settings, and one of them, in the order of the file.
size_t kafka_config_count (const kafka_config_t *self);
const char *kafka_config_name (const kafka_config_t *self, size_t index);
const char *kafka_config_value (const kafka_config_t *self, size_t index);

//  Return the line of a setting, from 1, for the log.
unsigned kafka_config_line (const kafka_config_t *self, size_t index);

//  Return the path of the file.
const char *kafka_config_path (const kafka_config_t *self);

#endif
