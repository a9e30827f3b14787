//  Listening sockets: one for each thread that serves, all on one port, which belongs to this
//  process alone.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LISTENER_H
#define DOWNLINK_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

//  Return true if the port is free and can be listened on; otherwise the log says why. Call before
//  the first of them listens: they share their port (SO_REUSEPORT), and so two processes of one
//  user would share it too, silently, each with a part of the connections.
bool listener_is_free (const char *address, uint16_t port) __attribute__ ((warn_unused_result));

//  Return a listening socket that shares its port with the other ones. Return -1 on failure; the
//  log says why.
int listener_open (const char *address, uint16_t port);

#endif
