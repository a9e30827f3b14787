//  Ask a gateway for every rocket, and compare it with the expected state.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_VERIFY_H
#define DOWNLINK_VERIFY_H

#include "common/client/http_client.h"
#include "launch/flights.h"

//  Verify all rockets. A gateway accepts messages a moment before they are applied, so ask again
//  for a rocket that differs, for up to patience_ms in all. Print the first differences on standard
//  error. Return the number of rockets that match.
uint64_t verify_flights (const flights_t *flights, const http_place_t *place, int64_t patience_ms);

//  Return true if the gateway has the first rocket already: an earlier run has played these
//  flights. Return false without an answer within a second.
bool verify_is_known (const flights_t *flights, const http_place_t *place);

#endif
