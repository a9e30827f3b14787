//  The bytes of a connection beside libmicrohttpd, plain or under TLS: a last answer, the end,
//  unread ones. The functions take the connection's thread, and never wait.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_WIRE_H
#define DOWNLINK_HTTP_WIRE_H

#include "http/tls/tls_wire.h"

typedef struct {
    int fd;
    tls_wire_t *tls;  //  NULL: the connection is plain
} http_wire_t;

//  Send bytes and close the sending side. Bytes that the socket does not take are lost. While a
//  handshake is under way, they go out as they are: the client does not speak TLS.
void http_wire_end (const http_wire_t *self, const char *bytes, size_t size);

//  Return true if the client has closed its side. Under TLS, that of the socket: an alert that
//  announces it does not count.
bool http_wire_is_ended (const http_wire_t *self);

//  Return true if there are bytes that libmicrohttpd has not read; *is_ended tells if there is the
//  end of the connection instead.
bool http_wire_has_unread (const http_wire_t *self, bool *is_ended);

//  Return the number of bytes that libmicrohttpd has read from the connection so far; 0 if the
//  kernel does not say. Under TLS with its overhead, and without the handshake.
uint64_t http_wire_count_read (const http_wire_t *self);

#endif
