//  The Prefer field of a request (RFC 7240), as far as POST /messages honours it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PREFER_H
#define DOWNLINK_PREFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http_request.h"

#define PREFER_WAIT_MAX_S 60

typedef struct {
    bool is_lenient;  //  handling=lenient: take the good messages of a request
    bool has_wait;    //  wait=S: answer when the messages are applied,
    uint32_t wait_s;  //  after S seconds at the latest; at most PREFER_WAIT_MAX_S
} prefer_t;

//  Read a field; NULL if it is missing. Ignore unknown preferences, as the RFC says.
prefer_t prefer_read (const char *field);

//  Read the field of a request.
prefer_t prefer_of (const http_request_t *request);

#define PREFER_APPLIED_SIZE 64

//  Write the value of Preference-Applied into text, which has room for PREFER_APPLIED_SIZE. Return
//  false if no preference was applied; then the answer has no such field.
bool prefer_write_applied (const prefer_t *self, char *text);

#endif
