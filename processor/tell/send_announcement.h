//  Publishes what this processor owns, at every change and every half second, and with it the acks
//  of the last frames that it has saved, as the first time they may have been lost.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SEND_ANNOUNCEMENTS_H
#define DOWNLINK_SEND_ANNOUNCEMENTS_H

#include "common/network/socket.h"
#include "processor/shard/shards.h"

#define ANNOUNCEMENT_INTERVAL_MS 500

//  The three endpoints are those the sockets are bound to.
typedef struct {
    socket_t *frames;
    socket_t *queries;
    socket_t *events;
} processor_sockets_t;

//  Publish what the shards own at the moment.
void send_announcement (const processor_sockets_t *sockets, const shards_t *shards);

#endif
