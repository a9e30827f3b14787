//  Compare the bus of this gateway with the buses that the processors announce. A processor on
//  another bus, or on another topic, would never get the messages of this gateway.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_BUS_CHECK_H
#define DOWNLINK_BUS_CHECK_H

#include "gateway/owners/directory.h"

#define BUS_FAULT_SIZE 512
#define BUS_CHECK_MS 100  //  how often a link looks

//  The last comparison. Zeroed memory: there was none.
typedef struct {
    char fault[BUS_FAULT_SIZE];  //  a sentence; empty: all fit
    int64_t look_at_ms;
    int64_t logged_ms;
} bus_check_t;

//  Compare with all processors of the served state, unless the last comparison is younger than
//  BUS_CHECK_MS. Log a fault every few seconds. topic is NULL for a bus without topics.
void bus_check_look (
    bus_check_t *self, const directory_t *directory, const char *bus, const char *topic);

#endif
