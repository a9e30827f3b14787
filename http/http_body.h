//  The body of a request as it comes in, bounded twice: each by a limit, and all of them together.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_BODY_H
#define DOWNLINK_HTTP_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text.h"

//  All bodies of a server.
typedef struct {
    uint64_t bytes;       //  that they hold together
    uint64_t limit;       //  of that
    uint64_t body_limit;  //  of each
} http_bodies_t;

//  Zeroed memory is an empty body.
typedef struct {
    char *data;
    size_t size;
    size_t capacity;
} http_body_t;

//  Put bytes behind those that are there. expected is how large the body is going to be; 0: that is
//  not known. False if a limit does not allow it: nothing was added.
bool http_body_add (http_body_t *self, http_bodies_t *all, text_t bytes, size_t expected)
    __attribute__ ((warn_unused_result));

//  Forget so many of the first bytes.
void http_body_drop (http_body_t *self, size_t size);

//  The bytes; HTTP_BODY_PADDING further ones can be read.
text_t http_body_text (const http_body_t *self);

//  Forget the bytes and free the memory.
void http_body_free (http_body_t *self, http_bodies_t *all);

#endif
