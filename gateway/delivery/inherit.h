//  Inherit the journals of gateways that are gone. A worker takes their messages like a request,
//  piece by piece: it keeps a piece in its own journal, and only then deletes the piece from the
//  old one. If the process dies in between, both journals have the piece: it is sent twice and
//  counts once. Frames of incomplete uploads are deleted first, since no client got a 202 for them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_INHERIT_H
#define DOWNLINK_INHERIT_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/delivery/batch.h"
#include "gateway/journal/receipt.h"

typedef struct inheritance inheritance_t;

//  Lock the unused slots. Return NULL if the directory or a journal in it cannot be used; then the
//  log names it and gives advice.
inheritance_t *inheritance_new (const char *directory);

//  Unlock the slots. Other gateways inherit the rest.
void inheritance_destroy (inheritance_t **self_p);

//  Return the number of messages that are not taken yet, and the number of their bytes on disk.
uint64_t inheritance_messages (const inheritance_t *self);
uint64_t inheritance_bytes (const inheritance_t *self);

//  Take the messages of a batch. The caller of the function owns the receipt.
typedef receipt_t *(inheritance_take_fn) (void *context, batch_t *batch);

//  Check the outcome of the last piece, and take the next piece if may_take. Every few seconds,
//  look for further slots.
void inheritance_run (
    inheritance_t *self, layout_t layout, bool may_take, inheritance_take_fn *take, void *context);

#endif
