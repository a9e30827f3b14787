//  The file of settings of a bus, --NAME-config: one `name=value` a line. Blank lines and lines
//  that begin with # are ignored. The values may be secrets, so none is ever logged.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_BUS_SETTINGS_H
#define DOWNLINK_BUS_SETTINGS_H

#include <stddef.h>

#include "common/bus/bus.h"

#define BUS_SETTINGS_MAX 256

typedef struct bus_settings bus_settings_t;

//  Read the file of a bus with a broker. Return NULL if the file cannot be read, has a malformed
//  line, or lacks the setting that it must have; then the log says why.
bus_settings_t *bus_settings_read (bus_t bus, const char *path);

void bus_settings_destroy (bus_settings_t **self_p);

//  Return the number of settings, and one of them, in the order of the file.
size_t bus_settings_count (const bus_settings_t *self);
const char *bus_settings_name (const bus_settings_t *self, size_t index);
const char *bus_settings_value (const bus_settings_t *self, size_t index);

//  Log that a setting cannot be used, with the line, and without the value. Return false.
bool bus_settings_refuse (const bus_settings_t *self, size_t index, const char *reason);

//  Log that the file as a whole cannot be used. Return false.
bool bus_settings_refuse_all (const bus_settings_t *self, const char *reason);

#endif
