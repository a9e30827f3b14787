//  The longest times that a client may take. Flags of the gateway set them; docs/http.md lists them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_TIMES_H
#define DOWNLINK_HTTP_TIMES_H

#include <stdint.h>

//  In milliseconds.
typedef struct {
    uint64_t idle_ms;  //  without a request
    uint64_t head_ms;  //  for the head of a request
    uint64_t body_ms;  //  for each 64 KiB of a body
    uint64_t take_ms;  //  for taking an answer; 0: SENDING_MS
} http_times_t;

#endif
