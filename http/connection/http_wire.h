//  Use a connection, plain or under TLS, without libmicrohttpd: send a last answer, find its end,
//  count its bytes. Call these functions on the connection's thread. They never wait.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_WIRE_H
#define DOWNLINK_HTTP_WIRE_H

#include "http/tls/tls_wire.h"

typedef struct {
    int fd;
    tls_wire_t *tls;  //  NULL: the connection is plain
} http_wire_t;

//  Send bytes and close the sending side. Bytes that the socket does not take are lost. During a
//  handshake the bytes go out without encryption: the client does not speak TLS.
void http_wire_end (const http_wire_t *self, const char *bytes, size_t size);

//  Return true if the client has closed its side of the socket. A close alert of TLS does not
//  count.
bool http_wire_is_ended (const http_wire_t *self);

//  Return true if there are bytes that libmicrohttpd has not read. Set *is_ended if there is the
//  end of the connection instead.
bool http_wire_has_unread (const http_wire_t *self, bool *is_ended);

//  Return the number of bytes that libmicrohttpd has read from the connection so far; 0 if the
//  kernel does not say. Under TLS, count the overhead but not the handshake.
uint64_t http_wire_count_read (const http_wire_t *self);

#endif
