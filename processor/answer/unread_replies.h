//  Count the answers that clients have not read. An answer counts until libzmq frees its bytes,
//  which happens when the kernel has taken all of them or the client is gone. The bytes of each
//  client and of all clients are bounded: an answer above a bound is dropped.
//
//  The processor's thread owns it. The threads of libzmq call unread_answers_release, even after
//  unread_answers_destroy.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UNREAD_ANSWERS_H
#define DOWNLINK_UNREAD_ANSWERS_H

#include <glib.h>
#include <stdint.h>

#include "common/text/text.h"

#define UNREAD_ALL_MAX_BYTES (192 * 1024 * 1024)

//  The bound of a client: UNREAD_CLIENT_MAX_BYTES or the room that the others leave, if that is
//  less, but at least UNREAD_CLIENT_MIN_BYTES. So a client that reads gets answers beside any
//  number of clients that do not.
#define UNREAD_CLIENT_MAX_BYTES (64 * 1024 * 1024)
#define UNREAD_CLIENT_MIN_BYTES (2 * 1024 * 1024)

typedef struct unread_answers unread_answers_t;
typedef struct unread_answer unread_answer_t;

unread_answers_t *unread_answers_new (void);
void unread_answers_destroy (unread_answers_t **self_p);

//  Count an answer for the client with this number. Copy the bytes, or hold a reference to owner if
//  it is not NULL. Return NULL if the client has too many unread bytes: then the caller drops the
//  answer. Pass the result to unread_answers_release once.
unread_answer_t *unread_answers_add (unread_answers_t *self, uint64_t client, text_t answer,
    GBytes *owner) __attribute__ ((warn_unused_result));

//  Return the bytes of an answer, borrowed, to pass them to another thread. Do not use the answer
//  after that.
text_t unread_answers_give (unread_answer_t *answer);

//  Stop counting an answer, and free it. Any thread may call it. It fits zmq_msg_init_data, with
//  the answer as the hint.
void unread_answers_release (void *bytes, void *answer);

#endif
