//  The one place that knows the names of the buses: chooses the link of a worker.
//
//    --bus     frames go
//    zmq       straight to the processors
//    kafka     to a topic, from which the processors read
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CHOOSE_LINK_H
#define DOWNLINK_CHOOSE_LINK_H

#include "gateway/link/link.h"
#include "gateway/metrics/gateway_metrics.h"
#include "gateway/owners/directory.h"

//  In the order of the choices of --bus.
typedef enum { BUS_ZMQ, BUS_KAFKA } bus_t;

typedef struct {
    bus_t bus;
    const char *kafka_config;  //  path of the file of --kafka-config; not NULL with BUS_KAFKA
    const char *topic;
} link_choice_t;

//  Make the link. Return NULL if it cannot be used; the log says why. The texts of the choice and the
//  other arguments are borrowed.
link_t *choose_link (const link_choice_t *choice, const directory_t *directory,
    worker_metrics_t *metrics) __attribute__ ((warn_unused_result));

#endif
