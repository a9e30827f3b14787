//  What libmicrohttpd does not notice of a connection that it waits for: an end that came together with
//  data, as it reads no further then; and that it no longer reads, because its buffer is full.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_WATCH_H
#define DOWNLINK_HTTP_WATCH_H

#include <stdint.h>

typedef enum {
    WATCH_QUIET,   //  nothing has come that was not read
    WATCH_UNREAD,  //  something has
    WATCH_STUCK,   //  something has, and nothing was read since the last look
    WATCH_ENDED    //  the client has closed its side
} watch_t;

//  Look at a connection. *read_p is how many bytes had been read from it at the last look, 0 before
//  the first one; it is set to how many it are now. libmicrohttpd must run between two looks.
watch_t http_watch_look (int fd, uint64_t *read_p);

//  Return how many bytes were read from a connection since it was made; 0 if that cannot be known.
uint64_t http_watch_count_read (int fd);

//  Return how many bytes the client has acknowledged since the connection was made; 0 if that cannot be
//  known.
uint64_t http_watch_count_taken (int fd);

#endif
