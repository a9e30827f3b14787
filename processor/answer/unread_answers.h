//  Answers on their way: given to a socket, and not yet handed to the client's connection. An
//  answer is counted until libzmq lets go of its bytes, which it does when the kernel has taken the
//  last of them, or when the client is gone. So what clients do not read is bounded, each and
//  together: beyond, an answer is dropped.
//
//  The processor's thread owns it; counts are also lowered by libzmq's threads, even after the end.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UNREAD_ANSWERS_H
#define DOWNLINK_UNREAD_ANSWERS_H

#include <glib.h>
#include <stdint.h>

#include "common/text/text.h"

#define UNREAD_ALL_MAX_BYTES (192 * 1024 * 1024)

//  A client has the smaller of this and the room that all others leave; but for this least part, so
//  that those who read are answered beside any number of those who do not.
#define UNREAD_CLIENT_MAX_BYTES (64 * 1024 * 1024)
#define UNREAD_CLIENT_MIN_BYTES (2 * 1024 * 1024)

typedef struct unread unread_answers_t;
typedef struct unread_answer unread_answer_t;

unread_answers_t *unread_answers_new (void);
void unread_answers_destroy (unread_answers_t **self_p);

//  Count an answer of a client, which is known by a number. The bytes are copied, or held with
//  their owner if that is not NULL. NULL if the client has too much unread: drop the answer. Give
//  the result to unread_answers_release once.
unread_answer_t *unread_answers_add (unread_answers_t *self, uint64_t client, text_t answer,
    GBytes *owner) __attribute__ ((warn_unused_result));

//  Return the bytes of an answer, borrowed, to be given to another thread: do not touch the answer
//  any more.
text_t unread_answers_give (unread_answer_t *answer);

//  Count an answer no more, and free it. Any thread may call it; it fits zmq_msg_init_data, with
//  the answer as the hint.
void unread_answers_release (void *bytes, void *answer);

//  How many bytes are counted, of all clients.
size_t unread_answers_size (const unread_answers_t *self);

#endif
