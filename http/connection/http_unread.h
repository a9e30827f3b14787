//  Large answers that clients have not taken yet. They are in our memory, or in the kernel's, even
//  after the request is over and the connection is closed. One limit bounds all of them together.
//  The server drops an answer whose client takes nothing after UNREAD_STALLED_MS, or sooner if it
//  needs the room.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_UNREAD_H
#define DOWNLINK_HTTP_UNREAD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNREAD_SMALL_BYTES ((size_t) 16 * 1024)        //  a smaller answer does not count
#define UNREAD_MAX_BYTES ((size_t) 128 * 1024 * 1024)  //  of all answers together
#define UNREAD_MAX 1024                                //  number of answers
#define UNREAD_KERNEL_BYTES ((size_t) 128 * 1024)  //  of an answer in the kernel, see listener.c
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

//  Note that the kernel has the answer, or that its connection is about to close. The answer still
//  counts until the client has taken it. Take the entry.
void http_unread_sent (http_unread_t *self, unread_t **entry_p);

//  Look at some answers: forget those that clients have taken, and drop those that stall. Call this
//  many times a second.
void http_unread_look (http_unread_t *self, int64_t now_ms);

//  Free the memory. Call it when every answer was sent.
void http_unread_clear (http_unread_t *self);

#endif
