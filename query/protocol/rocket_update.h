//  The messages to the subscribers of rockets: updates and syncs, which have the sequence of the
//  last update. docs/protocol.md describes them, with examples.
//
//    topic "rocket/" + channel   {"processor": bin 16, "sequence": n, "partition": p, "epoch": e,
//                                 "rocket": map, "isRemoved": true if it was removed}
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

//  A subscription counts as its topic's bytes plus SUBSCRIPTION_ROOM_BYTES. A processor ends a
//  connection with more than SUBSCRIPTIONS_MAX_BYTES.
#define SUBSCRIPTION_ROOM_BYTES 32
#define SUBSCRIPTIONS_MAX_BYTES (32 * 1024)

//  An update, or a sync: a sync has no rocket.
typedef struct {
    uint8_t processor[PROCESSOR_ID_SIZE];
    uint64_t sequence;  //  of this update; in a sync, of the last one
    owned_t owned;      //  the rocket's partition, and the epoch it was saved under
    text_t rocket;      //  its map, borrowed from the bytes
    text_t id;          //  of the rocket, read from the map
    uint64_t changes;   //  read from the map: see rocket_version_t
    bool is_removed;    //  the rocket was removed: its map tells no more than its id
} rocket_update_t;

//  Write an update of a rocket. It uses processor, sequence and owned of the update.
void rocket_update_write (
    GByteArray *out, const rocket_update_t *update, const rocket_view_t *rocket);

//  Write a sync. It uses processor and sequence of the update.
void rocket_update_write_sync (GByteArray *out, const rocket_update_t *update);

//  Read an update or a sync. Return false if the bytes are neither.
bool rocket_update_read (rocket_update_t *update, text_t bytes)
    __attribute__ ((warn_unused_result));

#endif
