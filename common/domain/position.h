//  A position in a feed: the first record of a partition that is not folded into the rockets. A
//  feed is all messages that a bus keeps, for example a Kafka topic. A store saves the position
//  together with the rockets, so that both are always of the same moment.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_POSITION_H
#define DOWNLINK_POSITION_H

#include <stdint.h>

#define POSITION_FEED_SIZE 16

typedef struct {
    int64_t offset;                    //  of the next record to read, 0 or more
    uint8_t feed[POSITION_FEED_SIZE];  //  identity of the feed; the offset is good for it alone
} position_t;

#endif
