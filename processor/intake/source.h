//  The interface of a source, from which a processor gets its messages. A source folds messages
//  into the shards (processor/shard/shards.h) of the partitions that are assigned to it. An
//  implementation has a source_t as the first member of its structure. The processor's thread owns
//  the source.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SOURCE_H
#define DOWNLINK_SOURCE_H

#include "common/bus/bus.h"
#include "common/network/socket.h"
#include "common/service/patience.h"
#include "curve/peer_keeper.h"
#include "processor/shard/shards.h"

//  The number of unsaved messages, in all shards, at which a source that reads from a broker
//  pauses.
#define SOURCE_UNSAVED_MAX 2000000

typedef struct source source_t;

struct source {
    //  Take in the messages that came, for budget_us microseconds at most. Return true if more may
    //  wait.
    bool (*take) (source_t *self, int64_t budget_us);

    //  Take in messages of a partition from now on, from the position of its shard. The shard is in
    //  the shards, with all stored rockets and the stored position. Return false if the position is
    //  of another feed: the processor must stop. The log says why.
    bool (*assign) (source_t *self, uint32_t partition);

    //  Take in no more messages of a partition. Its shard may be gone already.
    void (*revoke) (source_t *self, uint32_t partition);

    //  Hear that a save of a partition is done: changes_saved returns how many messages are saved.
    //  position is the saved position, before which everything is saved, or NULL if the save had
    //  none. The partition may be revoked already, but its shard still exists.
    void (*saved) (source_t *self, uint32_t partition, const position_t *position);

    //  Return the item to wait for: it becomes ready when messages have come.
    socket_item_t (*item) (source_t *self);

    //  Describe the present condition of the bus, and write the lag of each assigned partition to
    //  the shards; mark it if it is not known. Never wait.
    bus_health_t (*health) (source_t *self);

    void (*destroy) (source_t **self_p);
};

//  The objects that a source uses. All of them are borrowed, choice and patience only for the call.
typedef struct {
    const bus_choice_t *choice;
    const patience_t *patience;  //  to wait for a broker that is away
    socket_t *frames;            //  the PULL socket
    shards_t *shards;
    peer_keeper_t *peers;  //  that may push frames; NULL: links have no keys
} source_setup_t;

//  Make the source of a bus: source_zmq_new and so on. Return NULL if the patience ends, or if the
//  bus cannot be used; then the log says why.
#define SOURCE_OF_BUS(NAME, name, ...) source_t *source_##name##_new (const source_setup_t *setup);
BUSES (SOURCE_OF_BUS)

#endif
