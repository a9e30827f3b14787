//  Encode a body step by step: each step makes a bounded number of bytes, so that a large body does
//  not hold up the loop.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_ENCODER_H
#define DOWNLINK_HTTP_ENCODER_H

#include "http/coding/http_coding.h"

typedef struct http_encoder http_encoder_t;

//  Begin to encode bytes with gzip or zstd, at their fastest level. Takes a reference to the bytes.
http_encoder_t *http_encoder_new (http_coding_t coding, GBytes *bytes);

//  Write the next encoded bytes, at most size of them. Return their number; 0 only at the end.
size_t http_encoder_read (http_encoder_t *self, void *buffer, size_t size);

void http_encoder_destroy (http_encoder_t **self_p);

#endif
