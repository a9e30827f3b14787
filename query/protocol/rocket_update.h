//  What a processor tells those who listen to rockets, as bytes, and back: which rockets have
//  changed, and how many changes were told. docs/protocol.md has the rules and worked examples.
//
//    topic "rocket/" + channel   {"processor": bin 16, "sequence": n, "partition": p, "epoch": e,
//                                 "rocket": map}
//    topic "sync/" + a name      {"processor": bin 16, "sequence": n}
//
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROCKET_UPDATE_H
#define DOWNLINK_ROCKET_UPDATE_H

#include "common/bytes/announcement.h"
#include "query/protocol/rocket_map.h"

#define UPDATE_TOPIC "rocket/"
#define UPDATE_TOPIC_MAX (sizeof UPDATE_TOPIC - 1 + MESSAGE_CHANNEL_MAX_BYTES)
#define SYNC_TOPIC "sync/"
#define SYNC_TOPIC_MAX 64

//  A subscription takes its topic's bytes and these of a processor's room, and all subscriptions of
//  a connection no more than that: a processor ends a connection that takes more.
#define SUBSCRIPTION_ROOM_BYTES 32
#define SUBSCRIPTIONS_MAX_BYTES (512 * 1024)

//  One of the two: an update has a rocket, a sync has none.
typedef struct {
    uint8_t processor[PROCESSOR_ID_SIZE];
    uint64_t sequence;  //  of this update; of the last one told
    owned_t owned;      //  the rocket's partition, and the epoch it was saved under
    text_t rocket;      //  its map, borrowed from the bytes
    text_t id;          //  the rocket's, read from the map
    uint64_t changes;   //  likewise: see rocket_version_t
} rocket_update_t;

//  Write an update of the rocket that the view shows. Of the update, all up to owned counts.
void rocket_update_write (
    GByteArray *out, const rocket_update_t *update, const rocket_view_t *rocket);

//  Write a sync. Of the update, processor and sequence count.
void rocket_update_write_sync (GByteArray *out, const rocket_update_t *update);

//  Read either; false if the bytes are neither.
bool rocket_update_read (rocket_update_t *update, text_t bytes)
    __attribute__ ((warn_unused_result));

#endif
