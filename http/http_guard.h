//  Is a request's head unambiguous? libmicrohttpd 0.9.75 lets through what other servers on the way
//  may read differently (request smuggling); this refuses it. Pure functions over the head's fields.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_GUARD_H
#define DOWNLINK_HTTP_GUARD_H

#include <stdint.h>

#include "common/text.h"

//  Zeroed memory is a head of which nothing was seen.
typedef struct {
    unsigned hosts;
    unsigned content_lengths;
    unsigned transfer_encodings;
    bool is_length_known;
    uint64_t content_length;
    const char *fault;  //  NULL, or a sentence with what is wrong first
} http_guard_t;

//  Look at the raw target of the request line.
void http_guard_target (http_guard_t *self, const char *target);

//  Look at one field.
void http_guard_field (http_guard_t *self, text_t name, text_t value);

//  All fields were seen. Returns NULL, or the sentence.
const char *http_guard_verdict (http_guard_t *self, bool is_http_1_1);

#endif
