//  The phase of a gateway. One thread changes it (gateway.c); every worker reads it.
//
//    phase              a gateway                                      next
//    GATEWAY_RUNNING    serves                                         GATEWAY_UNREADY
//    GATEWAY_UNREADY    serves, but /readyz says 503: balancers leave  GATEWAY_STOPPING
//    GATEWAY_STOPPING   ends open requests, delivers, and ends         none
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PHASE_H
#define DOWNLINK_PHASE_H

#include <stdatomic.h>

typedef enum { GATEWAY_RUNNING, GATEWAY_UNREADY, GATEWAY_STOPPING } gateway_phase_t;

//  Zeroed memory is GATEWAY_RUNNING.
typedef struct {
    atomic_int value;
} phase_t;

//  Return the phase. Any thread may call it.
gateway_phase_t phase_get (const phase_t *self);

//  Enter the next phase and log it. A phase that is not the next one is a bug, and aborts.
void phase_enter (phase_t *self, gateway_phase_t phase);

#endif
