//  The resources that this process uses, from /proc/self.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PROCESS_USAGE_H
#define DOWNLINK_PROCESS_USAGE_H

#include <stdint.h>

typedef struct {
    double cpu_seconds;
    double start_seconds;  //  since 1970
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t threads;
    uint64_t open_descriptors;
    uint64_t max_descriptors;
} process_usage_t;

//  Read all numbers. A number that cannot be read stays 0.
void process_usage_read (process_usage_t *self);

#endif
