//  The publisher that PUSHes frames to the processor that owns their partition, and keeps each until
//  that processor has acknowledged it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PUBLISH_ZMQ_H
#define DOWNLINK_PUBLISH_ZMQ_H

#include "gateway/directory.h"
#include "gateway/publisher.h"

//  A publisher and the directory it follows. buffer is how many messages it holds at most, accepted
//  and not yet acknowledged. The discovery is borrowed.
publisher_t *publish_zmq_new (discovery_t *discovery, uint64_t buffer);

//  Its directory, which the queries follow too. Borrowed.
directory_t *publish_zmq_directory (publisher_t *self);

#endif
