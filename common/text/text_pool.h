//  Texts that many rockets share, each stored once: types, missions, reasons. A text counts its
//  uses, and is freed with the last one. One thread owns a pool.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TEXT_POOL_H
#define DOWNLINK_TEXT_POOL_H

#include <stdint.h>

#include "common/text/text.h"

typedef struct text_pool text_pool_t;
typedef struct pooled_text pooled_text_t;  //  a text in a pool; NULL stands for none

text_pool_t *text_pool_new (void);

//  Free the pool. Release all texts first: a text that is left is a bug, and ends the process.
void text_pool_destroy (text_pool_t **self_p);

//  Return the pooled copy of a text, and make it at the first use. The text may hold any bytes,
//  zero included. Release it with text_pool_release. Return NULL for no text.
pooled_text_t *text_pool_hold (text_pool_t *self, text_t text);

//  Release a text and set *text_p to NULL. The last release frees the text. *text_p may be NULL.
void text_pool_release (text_pool_t *self, pooled_text_t **text_p);

//  Return the bytes, borrowed; no text for NULL.
text_t pooled_text_bytes (const pooled_text_t *text);

//  Return a text of the pool, borrowed; NULL: the pool does not have it.
const pooled_text_t *text_pool_find (const text_pool_t *self, text_t text);

//  Return the code of a text, from 1 on; 0 for NULL. When a text is freed, another one may get its
//  code.
uint32_t pooled_text_code (const pooled_text_t *text);

//  Ranks order texts as numbers. The rank of a text of the pool is odd: one more than twice the
//  number of texts before it. Any other text has the even rank between its neighbours. The rank of
//  no text, TEXT_RANK_NONE, is above all others.
#define TEXT_RANK_NONE 0x80000000u

//  Return the ranks by code, borrowed until a text is added or freed. Return NULL if the pool has
//  more than `most` texts.
const uint32_t *text_pool_ranks (text_pool_t *self, size_t most);

//  Return the rank of any text. Call text_pool_ranks first, and again after a text is added or
//  freed.
uint32_t text_pool_rank (const text_pool_t *self, text_t text);

#endif
