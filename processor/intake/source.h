//  The interface of a source, from which a processor gets its messages. An implementation has a
//  source_t as the first member of its structure. It folds messages into the shards
//  (processor/shard/shards.h) of the partitions that are assigned to it. The processor's thread owns
//  it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SOURCE_H
#define DOWNLINK_SOURCE_H

#include "common/network/socket.h"
#include "processor/shard/shards.h"

typedef struct source source_t;

struct source {
    //  Take in what came, for budget_us microseconds at most. Return true if more may wait.
    bool (*take) (source_t *self, int64_t budget_us);

    //  Take in messages of a partition from now on, from the position of its shard. The shard is in
    //  the shards, with all stored rockets and the stored position. Return false if the position is of
    //  another feed: the processor must stop. The log says why.
    bool (*assign) (source_t *self, uint32_t partition);

    //  Take in no more messages of a partition. Its shard may be gone already.
    void (*revoke) (source_t *self, uint32_t partition);

    //  Hear that a position of a partition is saved, together with all before it. The partition may
    //  be revoked already.
    void (*saved) (source_t *self, uint32_t partition, const position_t *position);

    //  Return what to wait for: it becomes ready when something came.
    socket_item_t (*item) (source_t *self);

    //  Describe the bus as it is now, and write the lags of the assigned partitions to the shards.
    //  Never waits.
    bus_health_t (*health) (source_t *self);

    void (*destroy) (source_t **self_p);
};

//  Create the source of --bus=zmq: frames that gateways push to a PULL socket. It takes in frames of
//  all shards, assigned or not. Count and ignore, as a whole and without an ack, a frame that is
//  invalid, breaks a rule or belongs to a partition that this processor does not own. Both arguments
//  are borrowed.
source_t *source_zmq_new (socket_t *frames, shards_t *shards);

#endif
