//  Takes frames from the PULL socket, folds their messages into the shards, and adds their acks.
//  The processor's thread owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RECV_FRAMES_H
#define DOWNLINK_RECV_FRAMES_H

#include "processor/shard/shards.h"

typedef struct frame_receiver frame_receiver_t;

//  Create a receiver. It borrows both while it lives.
frame_receiver_t *frame_receiver_new (socket_t *pull, shards_t *shards);

void frame_receiver_destroy (frame_receiver_t **self_p);

//  Take in at most budget waiting frames. Count and ignore, as a whole and without an ack, a frame
//  that is invalid, breaks a rule or belongs to a partition that this processor does not own.
//  Return the number of frames that were read.
size_t frame_receiver_run (frame_receiver_t *self, size_t budget);

#endif
