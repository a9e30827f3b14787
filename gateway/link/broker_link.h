//  The parts that all links over a broker share: acks to believe, and the log lines about the bus.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_BROKER_LINK_H
#define DOWNLINK_BROKER_LINK_H

#include "common/bus/bus.h"
#include "gateway/metrics/gateway_metrics.h"
#include "gateway/owners/directory.h"

//  Return true if the ack of a peer counts for frames of a partition: it must be the owner, since any
//  owner may have read them from the broker. Acks carry digests, so a frame that never was there is
//  not taken for one that was.
bool broker_link_believes (const directory_t *directory, const peer_t *peer, uint32_t partition);

//  Note whether the bus is away, in *is_away and in the metrics. Log a change. reason: the last error,
//  or empty.
void broker_link_note_away (
    bus_t bus, bool *is_away, bool is_away_now, const char *reason, worker_metrics_t *metrics);

//  Log that frames of a partition are set aside.
void broker_link_log_set_aside (bus_t bus, const char *topic, uint32_t partition, size_t frames);

#endif
