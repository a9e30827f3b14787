//  Large answers that clients have not taken yet. They are in our memory, or in the kernel's memory
//  after the request is over and the connection may be closed. A limit bounds them together. An
//  answer whose client takes nothing is dropped after UNREAD_STALLED_MS, or sooner if room is
//  needed.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_UNREAD_H
#define DOWNLINK_HTTP_UNREAD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNREAD_SMALL_BYTES ((size_t) 16 * 1024)        //  largest answer that does not count
#define UNREAD_MAX_BYTES ((size_t) 128 * 1024 * 1024)  //  limit of all together
#define UNREAD_MAX 1024                                //  and their largest number
#define UNREAD_KERNEL_BYTES ((size_t) 128 * 1024)  //  limit of one in the kernel, see listener.c
#define UNREAD_STALLED_MS 15000
#define UNREAD_PATIENCE_MS 1000  //  after so long without progress, an answer makes room for others

typedef struct unread unread_t;

//  The answers of a server. Zeroed memory is empty.
typedef struct {
    GQueue all;  //  of unread_t *, the last look longest ago first
    size_t bytes;
} http_unread_t;

//  Return true if another answer has room. Drop answers that their clients do not take.
bool http_unread_has_room (http_unread_t *self, int64_t now_ms);

//  Count an answer on a connection. size is its size; copied is the part of it that is a copy in
//  our memory. Return NULL if there is no room.
unread_t *http_unread_begin (http_unread_t *self, int fd, size_t size, size_t copied,
    int64_t now_ms) __attribute__ ((warn_unused_result));

//  Note that the kernel has the answer, or that its connection is about to close. It counts until
//  the client has taken it. Takes the entry.
void http_unread_sent (http_unread_t *self, unread_t **entry_p);

//  Look at some answers; forget those that were taken, drop those that stall. Call many times a
//  second.
void http_unread_look (http_unread_t *self, int64_t now_ms);

//  Free the memory. Call it when every answer was sent.
void http_unread_clear (http_unread_t *self);

#endif
