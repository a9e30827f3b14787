//  The processor's HTTP port for operators: GET /metrics for Prometheus, /livez (or /healthz) and
//  /readyz for probes. The processor's thread owns it and answers between its turns, so an answer
//  also proves that the loop runs.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ADMIN_H
#define DOWNLINK_ADMIN_H

#include "common/network/listen_address.h"
#include "processor/processor_phase.h"
#include "processor/shard/shards.h"

typedef struct admin admin_t;

//  Listen. The shards are borrowed. Return NULL on failure; the log says why.
admin_t *admin_new (const listen_address_t *address, const shards_t *shards);

void admin_destroy (admin_t **self_p);

//  A processor without an admin port has NULL here: the functions below then do nothing.

//  Return the descriptor that becomes readable when there is work; -1 for NULL.
int admin_fd (const admin_t *self);

//  Return the longest time until the next run, in milliseconds.
int64_t admin_timeout_ms (admin_t *self);

//  Answer requests. Never wait.
void admin_run (admin_t *self);

//  Set the phase that /readyz reports: 200 in PROCESSOR_READY, else 503. It begins as
//  PROCESSOR_LOADING.
void admin_set_phase (admin_t *self, processor_phase_t phase);

#endif
