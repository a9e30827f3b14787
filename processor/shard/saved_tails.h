//  The last saved frame of each source, in one partition. An ack may be lost. A later ack shows the
//  loss, but no ack follows the last one, so the processor publishes the last acks again and again.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SAVED_TAILS_H
#define DOWNLINK_SAVED_TAILS_H

#include "processor/shard/acks.h"

#define SAVED_TAILS_MAX 256  //  sources; a further one replaces the source with the oldest note

typedef struct saved_tails saved_tails_t;

saved_tails_t *saved_tails_new (void);

void saved_tails_destroy (saved_tails_t **self_p);

//  Remember the last frame of each source in acks that are saved.
void saved_tails_note (saved_tails_t *self, const acks_t *saved);

//  Add the remembered frames to acks, which the caller publishes.
void saved_tails_repeat (const saved_tails_t *self, acks_t *acks);

#endif
