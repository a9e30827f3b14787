//  Connections that had their last answer while the client still sends. Closing one of them would reset
//  it, and the client would lose the answer: so libmicrohttpd closes its descriptor, and a second one
//  keeps the connection here, where a bounded amount is read and passed over until the client is done.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_LINGERING_H
#define DOWNLINK_HTTP_LINGERING_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HTTP_LINGER_MS 5000
#define HTTP_LINGER_BYTES ((size_t) 64 * 1024 * 1024)

//  Zeroed memory has none.
typedef struct {
    GQueue queue;  //  the longest there first
} http_lingering_t;

//  Keep a connection whose sending side is closed; the descriptor stays the caller's. If many are kept,
//  the one that is there for the longest is closed.
void http_lingering_add (http_lingering_t *self, int fd, int64_t now_ms);

//  Read what has come, and close those that are done. Returns true if more may have come.
bool http_lingering_run (http_lingering_t *self, int64_t now_ms);

//  Close all.
void http_lingering_clear (http_lingering_t *self);

#endif
