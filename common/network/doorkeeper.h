//  Bound the connections to a bound ZeroMQ socket, so that untrusted peers take neither the
//  descriptors that files and locks need nor the places of working peers. libzmq itself accepts
//  connections until the descriptors run out, and then tries to accept at full speed.
//
//  A visitor is silent until its first message arrives. When a socket has too many visitors, the
//  doorkeeper ends the visitor that has been silent for the longest time. (If all others have sent
//  a message, this is the newest visitor.) So a visitor that sends messages keeps its place.
//
//  An address other than loopback may open 64 connections a second; the doorkeeper ends further
//  ones before their handshakes. A gateway whose connection is ended connects again by itself.
//
//  libzmq bounds each part of a message, but not the number of parts, and keeps all parts until the
//  last one arrives. So the doorkeeper ends a visitor that sends 64 KiB more than the largest part
//  of the socket without completing a message. When all visitors together have sent 16 MiB of
//  incomplete messages, it ends the visitor that has sent most.
//
//  The doorkeeper's thread learns of each connection from libzmq's monitor. The thread that owns
//  the socket calls all functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DOORKEEPER_H
#define DOWNLINK_DOORKEEPER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct doorkeeper doorkeeper_t;

//  Return the number of connections that a socket may have: an eighth of the descriptors of this
//  process, since it binds three sockets and files need half of the descriptors; at most 1,024.
unsigned doorkeeper_visitors_max (void);

//  Watch a socket of libzmq in its context. Call it before the socket is bound. Return NULL with
//  errno set on failure.
doorkeeper_t *doorkeeper_new (void *context, void *socket, unsigned visitors_max);

//  Stop watching. Call it before the socket is closed.
void doorkeeper_destroy (doorkeeper_t **self_p);

//  Return true if a visitor is silent, or may be in the middle of a message. Otherwise
//  doorkeeper_heard does nothing.
bool doorkeeper_is_waiting (const doorkeeper_t *self);

//  Note that a message has arrived on this descriptor, and the user of the connection; NULL: it has
//  none.
void doorkeeper_heard (doorkeeper_t *self, int fd, const char *user);

//  Note whether the owner found the socket empty: then it has received all complete messages.
void doorkeeper_note_empty (doorkeeper_t *self, bool is_empty);

//  Return the number of visitors that were ended.
uint64_t doorkeeper_ended (const doorkeeper_t *self);

//  Return the number of visitors whose handshake failed before their key was judged.
uint64_t doorkeeper_mismatched (const doorkeeper_t *self);

//  Return true if a visitor with this user may stay.
typedef bool (doorkeeper_welcome_fn) (void *context, const char *user);

//  End all visitors but those whose user is known and welcome.
void doorkeeper_end_unwelcome (
    doorkeeper_t *self, doorkeeper_welcome_fn *is_welcome, void *context);

#endif
