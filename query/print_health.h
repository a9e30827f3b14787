//  Print the health of a system: one screen for people, JSON for programs.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PRINT_HEALTH_H
#define DOWNLINK_PRINT_HEALTH_H

#include "query/health.h"

//  Print the health on standard output, and for people its faults on standard error. Return the
//  exit status: 0 if all is well, else 1.
int print_health (const health_t *health, bool as_json);

#endif
