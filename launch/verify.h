//  Asks a gateway for every rocket, and compares it with what it must be.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_VERIFY_H
#define DOWNLINK_VERIFY_H

#include "launch/flights.h"
#include "launch/http_client.h"

//  What was accepted is applied a moment later, so a rocket that is not right yet is asked for
//  again, for up to patience_ms altogether. Tells the first differences on standard error. Returns
//  how many rockets are right.
uint64_t verify_flights (const flights_t *flights, const http_place_t *place, int64_t patience_ms);

#endif
