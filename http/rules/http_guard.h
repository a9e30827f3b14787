//  Is a request's head unambiguous? libmicrohttpd 0.9.75 lets through what other servers on the way
//  may read differently (request smuggling); this refuses it. Pure functions over the head's fields.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_GUARD_H
#define DOWNLINK_HTTP_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text/text.h"

//  Zeroed memory is a head of which nothing was seen.
typedef struct {
    unsigned hosts;
    unsigned content_lengths;
    unsigned transfer_encodings;
    bool is_length_known;
    uint64_t content_length;
    text_t authority;   //  of a target that is a URL; empty: it is none
    const char *next;   //  where the next line begins, if lines are checked; NULL: they are not
    const char *fault;  //  NULL, or a sentence with what is wrong first
} http_guard_t;

//  Look at the raw target of the request line.
void http_guard_target (http_guard_t *self, const char *target);

//  Check from now on that the head in libmicrohttpd's buffer has the form that the library's strings
//  suggest: it writes zeros over ends of lines, spaces and colons, so that a zero byte, an end of a line
//  without CR, a folded line, an empty name or a second space leave a string that is not in its place.
//  target: where it begins in that buffer. Call before the fields, and http_guard_end after them.
void http_guard_lines (
    http_guard_t *self, const char *method, const char *target, size_t size, const char *version);

//  Look at one field.
void http_guard_field (http_guard_t *self, text_t name, text_t value);

//  The head ended here, with its empty line.
void http_guard_end (http_guard_t *self, const char *end);

//  All fields were seen. Returns NULL, or the sentence.
const char *http_guard_verdict (http_guard_t *self, bool is_http_1_1);

#endif
