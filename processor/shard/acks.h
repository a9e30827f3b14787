//  The frames that were taken in and are not yet acknowledged, by source. An ack says that a frame's
//  messages are saved, so they are published once the save that holds them is done.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ACKS_H
#define DOWNLINK_ACKS_H

#include "common/bytes/announcement.h"
#include "common/network/socket.h"

typedef struct acks acks_t;

acks_t *acks_new (void);

void acks_destroy (acks_t **self_p);

//  Remember a frame, by its head and frame_digest.
void acks_add (acks_t *self, const frame_head_t *head, uint64_t digest);

//  Remember all frames of another one, which forgets them. They came in before those that are
//  remembered already.
void acks_move_all (acks_t *self, acks_t *other);

//  Told the frame of a source that was added last.
typedef void (acks_last_fn) (void *context, const frame_head_t *head, uint64_t digest);

//  Tell the last frame of each source.
void acks_each_last (const acks_t *self, acks_last_fn *last, void *context);

bool acks_is_empty (const acks_t *self);

//  Publish them all on a PUB socket, a message for each source, and forget them. One that is lost is
//  no harm: its source sends the frame again, and it is acknowledged again.
void acks_publish (acks_t *self, const uint8_t processor[PROCESSOR_ID_SIZE], socket_t *events);

#endif
