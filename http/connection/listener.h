//  Where the gateway listens: a socket a worker, all on one port, which is this gateway's alone.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LISTENER_H
#define DOWNLINK_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

//  Before the first worker listens: does nobody else listen there, and can it be listened on? False
//  if not; the log says why. Workers share their port (SO_REUSEPORT), and so two gateways of one user
//  would share it too, each with its part of the connections and without a word.
bool listener_is_free (const char *address, uint16_t port) __attribute__ ((warn_unused_result));

//  A socket that shares its port with the other workers' and listens. -1: the log says why.
int listener_open (const char *address, uint16_t port);

#endif
