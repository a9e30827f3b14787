//  Publish the partitions that this processor owns, the members of its state and its endpoints: at
//  every change and every half second. The last acks follow, because their first copies may have
//  been lost.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SEND_ANNOUNCEMENT_H
#define DOWNLINK_SEND_ANNOUNCEMENT_H

#include "common/network/socket.h"
#include "processor/shard/shards.h"

#define ANNOUNCEMENT_INTERVAL_MS 500

//  The three sockets of a processor.
typedef struct {
    socket_t *frames;
    socket_t *queries;
    socket_t *events;
} processor_sockets_t;

//  Publish the present announcement and the last acks.
void send_announcement (const processor_sockets_t *sockets, const shards_t *shards);

#endif
