//  Try a bound socket of this process with an unknown key. The check does all that a stranger
//  would: it connects over TCP to the real port, with a correct handshake.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DOOR_CHECK_H
#define DOWNLINK_DOOR_CHECK_H

#include "common/network/socket.h"
#include "common/network/socket_keys.h"

//  Connect to the endpoint of a bound socket of this kind. Return NULL if the connection was
//  refused, else a sentence. Wait a few seconds at most.
const char *door_check (const char *endpoint, socket_kind_t kind, const socket_keys_t *stranger);

#endif
