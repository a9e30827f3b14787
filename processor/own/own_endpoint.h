//  Where others reach this processor.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OWN_ENDPOINT_H
#define DOWNLINK_OWN_ENDPOINT_H

#include "processor/own/share_partitions.h"

//  Turn an endpoint as it is bound into one that others can connect to: for an address that stands for
//  all (0.0.0.0, ::) take one of this machine's, not a loopback one if there is another.
void own_endpoint (const char *bound, member_endpoint_t *endpoint);

#endif
