//  What gateways that are gone have left in their journals: it is taken in again like a request, a
//  piece at a time, kept in our own journal, and only then removed from theirs. If this process
//  dies in between, a piece is in both and is sent twice, which does no harm. Frames of uploads
//  that never became whole are removed before anything else: nobody was told that they are
//  accepted.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_INHERIT_H
#define DOWNLINK_INHERIT_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/delivery/batch.h"
#include "gateway/journal/receipt.h"

typedef struct inheritance inheritance_t;

//  Take over the slots that nobody uses. NULL if the directory or a journal in it cannot be used;
//  then the log says which and what to do.
inheritance_t *inheritance_new (const char *directory);

//  Leaves what was not taken in to others.
void inheritance_destroy (inheritance_t **self_p);

//  Messages, and bytes on disk, that are not taken in yet.
uint64_t inheritance_messages (const inheritance_t *self);
uint64_t inheritance_bytes (const inheritance_t *self);

//  Takes messages in; the receipt is the caller's.
typedef receipt_t *(inheritance_take_fn) (void *context, batch_t *batch);

//  See what became of the last piece, and give the next if may_take. partitions is P. Looks for
//  further slots now and then.
void inheritance_run (inheritance_t *self, uint32_t partitions, bool may_take,
    inheritance_take_fn *take, void *context);

#endif
