//  A processor: takes in frames, folds them into the rockets it owns, answers questions.
//  One thread runs it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PROCESSOR_H
#define DOWNLINK_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/domain/rocket.h"
#include "common/network/listen_address.h"
#include "common/service/service.h"

typedef struct {
    const char *bind;  //  address of the three sockets
    uint16_t port;     //  frames; questions on the next one, events on the one after
    bool is_kept;      //  in the state directory; else in memory only
    const char *state_directory;
    uint32_t partitions;  //  P for a new store
    ordering_t ordering;
    const listen_address_t *admin;  //  where to answer those who run it; NULL: nowhere
} processor_config_t;

typedef struct processor processor_t;

//  Bind the sockets and open the store. Return NULL if that fails; then the log says why. The signals
//  are copied; their owner closes them after the run.
processor_t *processor_new (const processor_config_t *config, const service_signals_t *signals);

//  Take the partitions that are to be ours and work until signals.stop is readable; then say that nothing
//  is owned any more, save and acknowledge what came in, for some seconds at the most, and let go.
//  False if the store broke, and nothing more was acknowledged, or if it could not be read at first.
bool processor_run (processor_t *self) __attribute__ ((warn_unused_result));

void processor_destroy (processor_t **self_p);

#endif
