//  Texts held once, however many rockets share them: types, missions, reasons. Counted by use.
//  One thread owns a pool.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TEXT_POOL_H
#define DOWNLINK_TEXT_POOL_H

#include <stdint.h>

#include "common/text/text.h"

typedef struct text_pool text_pool_t;
typedef struct pooled_text pooled_text_t;  //  a text in a pool; NULL stands for none

text_pool_t *text_pool_new (void);

//  Every text must have been given back before.
void text_pool_destroy (text_pool_t **self_p);

//  The pooled copy of a text (bytes of any value, zero included), made at its first use. Give it
//  back with text_pool_release. NULL for none.
pooled_text_t *text_pool_hold (text_pool_t *self, text_t text);

//  Give a text back; the last one frees it. Nulls *text_p; NULL is allowed.
void text_pool_release (text_pool_t *self, pooled_text_t **text_p);

//  The bytes, borrowed; none for NULL.
text_t pooled_text_bytes (const pooled_text_t *text);

//  How many different texts it holds.
size_t text_pool_size (const text_pool_t *self);

#endif
