//  A store of free blocks of one size, which a loop reuses, for example for its requests. malloc
//  keeps only seven freed blocks of a size at hand, but a busy server holds hundreds of requests at
//  a time; each further block costs malloc a search. A block is ordinary memory: g_realloc and
//  g_free accept it too.
//
//  Zeroed memory is an empty store. One thread owns a store.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SPARES_H
#define DOWNLINK_SPARES_H

#include <glib.h>
#include <stddef.h>

//  The number of blocks that a store keeps. With a sanitizer it keeps none, so that the sanitizer
//  finds uses of freed blocks.
#ifdef DOWNLINK_SANITIZED
#define SPARES_MAX 0
#else
#define SPARES_MAX 512
#endif

typedef struct spare {
    struct spare *next;
} spare_t;

typedef struct {
    spare_t *first;
    size_t count;
} spares_t;

//  Return a block of this size, which is the same in all calls. Its bytes are undefined.
static inline void *
spares_take (spares_t *self, size_t size)
{
    spare_t *block = self->first;
    if (!block)
        return g_malloc (size);
    self->first = block->next;
    self->count--;
    return block;
}

//  Take a block back, or free it if the store has enough.
static inline void
spares_give (spares_t *self, void *block)
{
    if (self->count + 1 > SPARES_MAX) {
        g_free (block);
        return;
    }
    spare_t *spare = block;
    spare->next = self->first;
    self->first = spare;
    self->count++;
}

//  Free all blocks.
static inline void
spares_clear (spares_t *self)
{
    while (self->first)
        g_free (spares_take (self, 0));
}

#endif
