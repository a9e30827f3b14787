//  A processor takes in messages, folds them into the rockets that it owns, saves the rockets, and
//  answers queries. One thread runs it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PROCESSOR_H
#define DOWNLINK_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bus/bus.h"
#include "common/domain/partition.h"
#include "common/domain/rocket.h"
#include "common/network/listen_address.h"
#include "common/service/service.h"
#include "processor/shard/retention.h"

typedef struct {
    const char *bind;   //  address of the three sockets
    uint16_t port;      //  of frames; queries are on the next port, events on the one after
    const char *store;  //  see choose_store.h
    const char *state_directory;
    uint32_t partitions;        //  P for a new store
    partitioner_t partitioner;  //  of a new state
    bool is_partitioner_given;  //  the user has set --partitioner
    ordering_t ordering;
    retention_config_t retention;
    uint64_t rockets;  //  number of rockets at which the processor is full; 0: never
    bus_choice_t bus;
    const listen_address_t *admin;  //  of the admin port; NULL: there is none
    const char *curve_directory;    //  keys of the three sockets; NULL: they have none
} processor_config_t;

typedef struct processor processor_t;

//  Bind the sockets and open the store. Return NULL if that fails; then the log says why. The
//  signals are copied; the caller closes them after the run.
processor_t *processor_new (const processor_config_t *config, const service_signals_t *signals);

//  Take partitions and work until signals.stop is readable. Then announce that this processor owns
//  nothing, save and acknowledge everything that came in, for a bounded time (DRAIN_MS in
//  processor.c), and release the partitions. Return false if the store broke (from then on nothing
//  was acknowledged), or if it could not be read at the start.
bool processor_run (processor_t *self) __attribute__ ((warn_unused_result));

void processor_destroy (processor_t **self_p);

#endif
