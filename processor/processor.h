//  A processor: takes in frames, folds them into the rockets it owns, answers questions.
//  One thread runs it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PROCESSOR_H
#define DOWNLINK_PROCESSOR_H

#include <stdint.h>

#include "common/rocket.h"

typedef struct {
    const char *bind;     //  address of the three sockets
    uint16_t port;        //  frames; questions on the next one, events on the one after
    uint32_t partitions;  //  P for a new store
    ordering_t ordering;
} processor_config_t;

typedef struct processor processor_t;

//  Bind the sockets and take the partitions. NULL if that cannot be; the log says why. stop_fd, a
//  descriptor of the caller's (signalfd), becomes readable when the processor is to stop.
processor_t *processor_new (const processor_config_t *config, int stop_fd);

//  Work until stop_fd is readable, then say that nothing is owned any more.
void processor_run (processor_t *self);

void processor_destroy (processor_t **self_p);

#endif
