//  Refuse a head that a proxy may read differently from this program (request smuggling);
//  libmicrohttpd 0.9.75 accepts such heads. Pure functions over the fields of the head.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_GUARD_H
#define DOWNLINK_HTTP_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/text/text.h"
#include "http/rules/http_fields.h"

//  Zeroed memory is a head without lines.
typedef struct {
    unsigned hosts;
    unsigned content_lengths;
    unsigned transfer_encodings;
    bool is_length_known;
    uint64_t content_length;
    text_t authority;   //  of a target that is a URL; empty: the target is a path
    const char *next;   //  begin of the next line, if lines are checked; NULL: they are not
    const char *fault;  //  NULL, or a sentence that names the first fault
} http_guard_t;

//  Look at the raw target of the request line.
void http_guard_target (http_guard_t *self, const char *target);

//  Check the lines of the head from now on, in libmicrohttpd's buffer, into which target points.
//  The library writes zeros over line ends, spaces and colons. So after a zero byte, a line end
//  without CR, a folded line, an empty name or a second space, the next string is not where it
//  should be. Call this before the fields, and http_guard_end after them.
void http_guard_lines (
    http_guard_t *self, const char *method, const char *target, size_t size, const char *version);

//  Look at one field. field is the number of its name.
void http_guard_field (http_guard_t *self, http_field_t field, text_t name, text_t value);

//  Check the end of the head, behind its empty line.
void http_guard_end (http_guard_t *self, const char *end);

//  Judge the head after its last field. Return NULL, or the sentence that names the fault.
const char *http_guard_verdict (http_guard_t *self, bool is_http_1_1);

#endif
