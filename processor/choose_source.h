//  Choose the source of messages. Each bus of common/bus/bus.h has a source, in
//  intake/source_NAME.c.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CHOOSE_SOURCE_H
#define DOWNLINK_CHOOSE_SOURCE_H

#include "processor/intake/source.h"

//  Make the source of the chosen bus. Wait for a bus that is away. Return NULL if the patience
//  ends, or if the bus cannot be used or does not fit the state; then the log says why.
source_t *choose_source (const source_setup_t *setup);

#endif
