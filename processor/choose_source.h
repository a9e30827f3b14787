//  The one place that knows the names of the buses: chooses the source of messages.
//
//    --bus   messages come
//    zmq     as frames that gateways push to this processor
//    kafka   as records of a topic, which gateways and any other programs write
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CHOOSE_SOURCE_H
#define DOWNLINK_CHOOSE_SOURCE_H

#include "processor/intake/source_kafka.h"

typedef enum { BUS_ZMQ, BUS_KAFKA } bus_t;  //  in the order of the choices of --bus

typedef struct {
    bus_t bus;
    source_kafka_config_t kafka;  //  for BUS_KAFKA
} source_choice_t;

//  Return the function that a new state should have with this bus, and the name of the bus.
partitioner_t bus_partitioner (bus_t bus);
const char *bus_name (bus_t bus);

//  Create the source for the state in the shards, which are borrowed, as is the PULL socket. Wait
//  for a bus that is away. Return NULL if the patience ends, or if the bus cannot be used or does not
//  go with the state; then the log says why.
source_t *choose_source (
    const source_choice_t *choice, const patience_t *patience, socket_t *frames, shards_t *shards);

#endif
