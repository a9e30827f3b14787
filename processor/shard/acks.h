//  The frames that were folded and are not yet acknowledged, by source. An ack means that the
//  messages of a frame are saved, so the processor publishes acks after the save. The processor's
//  thread owns them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ACKS_H
#define DOWNLINK_ACKS_H

#include "common/bytes/announcement.h"
#include "common/network/socket.h"

typedef struct acks acks_t;

acks_t *acks_new (void);

void acks_destroy (acks_t **self_p);

//  Add a frame by its head and frame_digest.
void acks_add (acks_t *self, const frame_head_t *head, uint64_t digest);

//  Move all frames of other to self. They are older than the frames that self has.
void acks_move_all (acks_t *self, acks_t *other);

//  Take the last frame of a source.
typedef void (acks_last_fn) (void *context, const frame_head_t *head, uint64_t digest);

//  Call last with the last frame of each source.
void acks_each_last (const acks_t *self, acks_last_fn *last, void *context);

bool acks_is_empty (const acks_t *self);

//  Publish all acks on a PUB socket, one message for each source, and remove them. A lost message
//  does no harm: the gateway sends the frames again, and gets the acks again.
void acks_publish (acks_t *self, const uint8_t processor[PROCESSOR_ID_SIZE], socket_t *events);

#endif
