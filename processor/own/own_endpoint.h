//  Find the endpoint at which other processes reach this processor.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OWN_ENDPOINT_H
#define DOWNLINK_OWN_ENDPOINT_H

#include "processor/own/share_partitions.h"

//  Set endpoint to one that other processes can connect to. If bound has the address 0.0.0.0 or ::,
//  replace it by an address of this machine, if possible not a loopback address.
void own_endpoint (const char *bound, member_endpoint_t *endpoint);

#endif
