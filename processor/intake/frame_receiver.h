//  From the PULL socket to the shards: frames in, messages folded, sequences kept for their acks.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RECV_FRAMES_H
#define DOWNLINK_RECV_FRAMES_H

#include "processor/shard/shards.h"

typedef struct frame_receiver frame_receiver_t;

//  Both are borrowed for as long as the receiver lives.
frame_receiver_t *frame_receiver_new (socket_t *pull, shards_t *shards);

void frame_receiver_destroy (frame_receiver_t **self_p);

//  Take in at most budget frames that are waiting. A frame that is none, breaks a rule or is for a
//  partition that is not owned here is counted and ignored as a whole, and gets no ack. Returns how
//  many were looked at.
size_t frame_receiver_run (frame_receiver_t *self, size_t budget);

#endif
