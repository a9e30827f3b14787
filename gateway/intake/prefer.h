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
    bool has_wait;    //  wait=S: answer when they are applied, if that takes no longer than
    uint32_t wait_s;  //  so many seconds; PREFER_WAIT_MAX_S at the most
} prefer_t;

//  Read a field; NULL is none. What is not understood is passed over, as the RFC wants it.
prefer_t prefer_read (const char *field);

//  That of a request.
prefer_t prefer_of (const http_request_t *request);

#define PREFER_APPLIED_SIZE 64

//  Write the value of Preference-Applied; text has room for PREFER_APPLIED_SIZE. False if no
//  preference was applied: then there is no such field.
bool prefer_write_applied (const prefer_t *self, char *text);

#endif
