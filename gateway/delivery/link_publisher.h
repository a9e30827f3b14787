//  The publisher over a link: it keeps frames in a journal and sends them over the link until they
//  are carried.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LINK_PUBLISHER_H
#define DOWNLINK_LINK_PUBLISHER_H

#include "gateway/delivery/publisher.h"
#include "gateway/link/link.h"
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
} link_publisher_config_t;

//  Return NULL if the journal cannot be used; then the log says why. The directory and the link
//  are borrowed: run the directory before each run of the publisher.
publisher_t *link_publisher_new (
    const link_publisher_config_t *config, directory_t *directory, link_t *link);

#endif
