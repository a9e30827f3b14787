//  The processor's HTTP port for operators: GET /metrics for Prometheus, /livez (or /healthz) and
//  /readyz for probes. The processor's thread owns it and answers between its turns, so an answer
//  also proves that the loop runs.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ADMIN_H
#define DOWNLINK_ADMIN_H

#include "common/network/listen_address.h"
#include "processor/shard/shards.h"

typedef struct admin admin_t;

//  Listen; the shards are borrowed. Return NULL on failure; the log says why.
admin_t *admin_new (const listen_address_t *address, const shards_t *shards);

void admin_destroy (admin_t **self_p);

//  All of the following do nothing for NULL, the admin port of a processor without one.

//  Return the descriptor that becomes readable when there is work; -1 for NULL.
int admin_fd (const admin_t *self);

//  Return the longest time to wait for it.
int64_t admin_timeout_ms (admin_t *self);

//  Answer requests. Never wait.
void admin_run (admin_t *self);

//  Set the answer of /readyz. A processor begins as loading.
typedef enum { ADMIN_LOADING, ADMIN_READY, ADMIN_STOPPING } admin_phase_t;
void admin_set_phase (admin_t *self, admin_phase_t phase);

#endif
