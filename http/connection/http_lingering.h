//  Connections that got their last answer while the client still sends. To close such a connection
//  would reset it, and the client would lose the answer. So a second descriptor keeps it open after
//  libmicrohttpd has closed its own. The server reads and ignores a bounded number of bytes until
//  the client has finished.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_LINGERING_H
#define DOWNLINK_HTTP_LINGERING_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HTTP_LINGER_MS 5000
#define HTTP_LINGER_BYTES ((size_t) 64 * 1024 * 1024)

//  Zeroed memory is an empty set.
typedef struct {
    GQueue queue;  //  of lingering_t, the oldest first
} http_lingering_t;

//  Keep a connection, and close its sending side. The descriptor stays the caller's. Close the
//  oldest connection if too many are kept.
void http_lingering_add (http_lingering_t *self, int fd, int64_t now_ms);

//  Read and ignore bytes, and close connections that have ended. Return true if more bytes may be
//  there.
bool http_lingering_run (http_lingering_t *self, int64_t now_ms);

//  Close all connections.
void http_lingering_clear (http_lingering_t *self);

#endif
