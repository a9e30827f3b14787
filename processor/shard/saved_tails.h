//  The last frame of each source that a partition has saved. Acks may be lost; a later ack tells of it,
//  but behind the last one there is none. So the last ones are published again and again.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SAVED_TAILS_H
#define DOWNLINK_SAVED_TAILS_H

#include "processor/shard/acks.h"

#define SAVED_TAILS_MAX 256  //  sources; past that the one that has sent nothing for longest goes

typedef struct saved_tails saved_tails_t;

saved_tails_t *saved_tails_new (void);

void saved_tails_destroy (saved_tails_t **self_p);

//  The frames of these acks are saved: remember the last one of each source.
void saved_tails_note (saved_tails_t *self, const acks_t *saved);

//  Add all that are remembered to acks that are to be published.
void saved_tails_repeat (const saved_tails_t *self, acks_t *acks);

#endif
