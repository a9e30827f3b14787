//  The link over ZeroMQ: push each frame to the processor that owns its partition. A frame is
//  carried when it is saved, as the owner has it in memory until then.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LINK_ZMQ_H
#define DOWNLINK_LINK_ZMQ_H

#include "gateway/link/link.h"
#include "gateway/owners/directory.h"

//  Make a link to the owners in a directory, which is borrowed.
link_t *link_zmq_new (const directory_t *directory);

#endif
