//  Listening sockets: one for each thread that serves, all on one port, which belongs to this
//  process alone.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LISTENER_H
#define DOWNLINK_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

//  Return true if this process can listen on the port; otherwise the log says why. Call this before
//  listener_open: listening sockets share their port (SO_REUSEPORT), so two processes of one user
//  would silently share it too, each with a part of the connections.
bool listener_is_free (const char *address, uint16_t port) __attribute__ ((warn_unused_result));

//  Return a listening socket that shares its port with the other sockets of this process. Return -1
//  on failure; the log says why.
int listener_open (const char *address, uint16_t port);

#endif
