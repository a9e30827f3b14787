//  Count the replies that clients have not read. A reply counts until libzmq frees its bytes,
//  which happens when the kernel has taken all of them or the client is gone. The bytes of each
//  client and of all clients are bounded: a reply above a bound is dropped.
//
//  The processor's thread owns it. The threads of libzmq call unread_replies_release, even after
//  unread_replies_destroy.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UNREAD_REPLIES_H
#define DOWNLINK_UNREAD_REPLIES_H

#include <glib.h>
#include <stdint.h>

#include "common/text/text.h"

#define UNREAD_ALL_MAX_BYTES (192 * 1024 * 1024)

//  The bound of a client: UNREAD_CLIENT_MAX_BYTES or the room that the others leave, if that is
//  less, but at least UNREAD_CLIENT_MIN_BYTES. So a client that reads gets replies beside any
//  number of clients that do not.
#define UNREAD_CLIENT_MAX_BYTES (64 * 1024 * 1024)
#define UNREAD_CLIENT_MIN_BYTES (2 * 1024 * 1024)

typedef struct unread_replies unread_replies_t;
typedef struct unread_reply unread_reply_t;

unread_replies_t *unread_replies_new (void);
void unread_replies_destroy (unread_replies_t **self_p);

//  Count a reply for the client with this number. Copy the bytes, or hold a reference to owner if
//  it is not NULL. Return NULL if the client has too many unread bytes: then the caller drops the
//  reply. Pass the result to unread_replies_release once.
unread_reply_t *unread_replies_add (unread_replies_t *self, uint64_t client, text_t reply,
    GBytes *owner) __attribute__ ((warn_unused_result));

//  Return the bytes of a reply, borrowed, to pass them to another thread. Do not use the reply
//  after that.
text_t unread_replies_give (unread_reply_t *reply);

//  Stop counting a reply, and free it. Any thread may call it. It fits zmq_msg_init_data, with
//  the reply as the hint.
void unread_replies_release (void *bytes, void *reply);

#endif
