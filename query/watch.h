//  downlink-query watch: shows what there is and then what changes, straight from the processors: a
//  table on a terminal, else a rocket a line, as JSON.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WATCH_H
#define DOWNLINK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

//  Watch all rockets, or the one with this id, until stop_fd is readable or nobody reads any more.
//  processors was checked with addresses_parse. Returns the exit status.
int watch (const char *processors, const char *id, bool as_json, int64_t timeout_ms, int stop_fd);

#endif
