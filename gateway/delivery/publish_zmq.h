//  The publisher over ZeroMQ: keep frames in a journal and push them to the owners of their
//  partitions until the acks come.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PUBLISH_ZMQ_H
#define DOWNLINK_PUBLISH_ZMQ_H

#include "gateway/delivery/publisher.h"
#include "gateway/metrics/gateway_metrics.h"
#include "gateway/owners/directory.h"

//  In the order of the choices of --journal.
typedef enum {
    JOURNAL_FSYNC,  //  an accepted message is on disk
    JOURNAL_OS,     //  with the operating system: a crash of the machine loses messages
    JOURNAL_OFF,    //  an accepted message is in memory
} journal_mode_t;

typedef struct {
    uint64_t buffer;  //  messages accepted and not acknowledged, at most
    journal_mode_t journal;
    const char *journal_directory;
    uint64_t journal_limit;  //  bytes of frames in the journal, at most
    worker_metrics_t *metrics;
} publish_zmq_config_t;

//  Return NULL if the journal cannot be used; then the log says why. The directory is borrowed: run
//  it before each run of the publisher.
publisher_t *publish_zmq_new (const publish_zmq_config_t *config, directory_t *directory);

#endif
