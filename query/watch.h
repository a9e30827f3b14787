//  downlink-query watch: shows the rockets and then their changes, straight from the processors: as
//  a table on a terminal, else as JSON, one rocket a line.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WATCH_H
#define DOWNLINK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

//  Watch all rockets, or the one with this id, until stop_fd is readable or standard output is
//  closed. processors was checked with addresses_parse. Return the exit status.
int watch (const char *processors, const char *id, bool as_json, int64_t timeout_ms, int stop_fd);

#endif
