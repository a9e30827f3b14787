//  Large answers that clients have not taken yet: in our memory, or in the kernel's behind a request
//  that is over and a connection that may be closed. All together are bounded. One whose client takes
//  nothing is given up, at once if room is needed, else after UNREAD_STALLED_MS.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_UNREAD_H
#define DOWNLINK_HTTP_UNREAD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNREAD_SMALL_BYTES ((size_t) 16 * 1024)        //  an answer of so many does not count
#define UNREAD_MAX_BYTES ((size_t) 128 * 1024 * 1024)  //  of all together
#define UNREAD_MAX 1024                                //  and so many
#define UNREAD_KERNEL_BYTES ((size_t) 128 * 1024)      //  of one, see listener.c
#define UNREAD_STALLED_MS 15000
#define UNREAD_PATIENCE_MS 1000  //  one that took nothing for so long makes room for others

typedef struct unread unread_t;

//  An owner's answers, the one that was looked at longest ago first.
typedef struct {
    GQueue all;  //  of unread_t *
    size_t bytes;
} http_unread_t;

//  Return true if another answer has room; gives up answers that their clients do not take.
bool http_unread_has_room (http_unread_t *self, int64_t now_ms);

//  Count an answer of so many bytes, of which so many are a copy, on a connection. Return NULL if there
//  is no room.
unread_t *http_unread_begin (http_unread_t *self, int fd, size_t size, size_t copied,
    int64_t now_ms) __attribute__ ((warn_unused_result));

//  The answer is with the kernel, or its connection is about to be closed. It counts until the client
//  has taken it. The entry must not be used any more.
void http_unread_sent (http_unread_t *self, unread_t **entry_p);

//  Look at some answers: who has taken them, who takes nothing. Call many times a second.
void http_unread_look (http_unread_t *self, int64_t now_ms);

//  Give up everything. No answer may be between begin and sent.
void http_unread_clear (http_unread_t *self);

#endif
