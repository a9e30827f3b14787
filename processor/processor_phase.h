//  The phase of a processor. Its thread changes it (processor.c); the admin port shows it.
//
//    phase               a processor                                      next
//    PROCESSOR_LOADING   loads the partitions that are free at the start  READY, STOPPING
//    PROCESSOR_READY     has loaded all of them                           STOPPING
//    PROCESSOR_STOPPING  saves and releases its partitions, and ends      none
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PROCESSOR_PHASE_H
#define DOWNLINK_PROCESSOR_PHASE_H

typedef enum { PROCESSOR_LOADING, PROCESSOR_READY, PROCESSOR_STOPPING } processor_phase_t;

#endif
