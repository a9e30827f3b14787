//  The processor's HTTP port for those who run it: GET /metrics for Prometheus, /livez (/healthz is
//  the same) and /readyz for probes. The processor's thread owns it and answers between its turns,
//  so an answer also says that the loop goes round.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ADMIN_H
#define DOWNLINK_ADMIN_H

#include "common/network/listen_address.h"
#include "processor/shard/shards.h"

typedef struct admin admin_t;

//  Listen; the shards are borrowed. NULL if that cannot be; the log says why.
admin_t *admin_new (const listen_address_t *address, const shards_t *shards);

void admin_destroy (admin_t **self_p);

//  All of the following do nothing for NULL, which is how it is when nobody asked for the port.

//  Readable when there is something to run for; -1 for NULL.
int admin_fd (const admin_t *self);

//  When to run at the latest, in milliseconds from now.
int64_t admin_timeout_ms (admin_t *self);

//  Answer who has asked. Never waits.
void admin_run (admin_t *self);

//  What /readyz says from here on. At first a processor is loading.
typedef enum { ADMIN_LOADING, ADMIN_READY, ADMIN_STOPPING } admin_phase_t;
void admin_set_phase (admin_t *self, admin_phase_t phase);

#endif
