//  Choose the link of a worker. Each bus of common/bus/bus.h has a link, in link_NAME.c.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CHOOSE_LINK_H
#define DOWNLINK_CHOOSE_LINK_H

#include "common/bus/bus.h"
#include "gateway/link/link.h"
#include "gateway/metrics/gateway_metrics.h"
#include "gateway/owners/directory.h"

//  The parts of a link. All of it is borrowed, the choice itself only for the call.
typedef struct {
    const bus_choice_t *choice;
    const directory_t *directory;
    worker_metrics_t *metrics;
    bool is_patient;  //  no client waits for the bus: frames may wait, to share a request
} link_setup_t;

//  Make the link of a bus: link_zmq_new and so on. Return NULL if the bus cannot be used; then the
//  log says why.
#define LINK_OF_BUS(NAME, name, ...) link_t *link_##name##_new (const link_setup_t *setup);
BUSES (LINK_OF_BUS)

//  Make the link of the bus that is chosen. Return NULL in the same way.
link_t *choose_link (const link_setup_t *setup) __attribute__ ((warn_unused_result));

#endif
