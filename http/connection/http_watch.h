//  Look at a connection for two events that libmicrohttpd overlooks: an end that arrived together
//  with data, after which it reads no further; and a standstill, because its buffer is full.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_WATCH_H
#define DOWNLINK_HTTP_WATCH_H

#include "http/connection/http_wire.h"

typedef enum {
    WATCH_QUIET,   //  no unread bytes
    WATCH_UNREAD,  //  unread bytes
    WATCH_STUCK,   //  unread bytes, and none was read since the last look
    WATCH_ENDED    //  the client has closed its side
} watch_t;

//  Look at a connection. *read_p is the number of bytes that libmicrohttpd had read at the last
//  look (0 before the first look); set it to the present number. libmicrohttpd must run between two
//  looks.
watch_t http_watch_look (const http_wire_t *wire, uint64_t *read_p);

//  Return the number of bytes that the client has acknowledged so far; 0 if the kernel does not
//  say.
uint64_t http_watch_count_taken (int fd);

#endif
