//  Bounds the connections that others make to a bound ZeroMQ socket, so that strangers take neither
//  the descriptors that files and locks need nor the places of those who work. libzmq itself accepts
//  for as long as there are descriptors; without any it tries again and again, at full speed.
//
//  A visitor is silent until its first message has come in. When there are more visitors than the
//  socket may have, the doorkeeper ends the one that has been silent for longest; when all others
//  have spoken, that is the newcomer. So a visitor that has spoken keeps its place.
//
//  A thread of the doorkeeper's own hears of each connection from libzmq's monitor. The other calls
//  are for the thread that owns the socket.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DOORKEEPER_H
#define DOWNLINK_DOORKEEPER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct doorkeeper doorkeeper_t;

//  Return how many connections a socket may have: an eighth of the descriptors that this process may
//  have, as it binds three sockets and half is for files; 1,024 at most.
unsigned doorkeeper_visitors_max (void);

//  Watch a socket of libzmq in its context, from before it is bound. Return NULL, with errno set, if
//  that cannot be.
doorkeeper_t *doorkeeper_new (void *context, void *socket, unsigned visitors_max);

//  Stop watching, before the socket is closed.
void doorkeeper_destroy (doorkeeper_t **self_p);

//  Return true if some visitor is silent: only then doorkeeper_heard has anything to do, unless the
//  visitor has just come.
bool doorkeeper_has_silent (const doorkeeper_t *self);

//  Note that a message has come by this descriptor.
void doorkeeper_heard (doorkeeper_t *self, int fd);

//  Return how many visitors were ended.
uint64_t doorkeeper_ended (const doorkeeper_t *self);

#endif
