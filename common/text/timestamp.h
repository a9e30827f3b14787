//  Points in time as text: read RFC 3339, print the UTC form of the API. Pure functions, no clock.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TIMESTAMP_H
#define DOWNLINK_TIMESTAMP_H

#include <stdint.h>

#include "common/text/text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TIMESTAMP_SIZE 28  //  "2022-02-02T18:39:05.863370Z" and its terminator

//  The first and the last instant that has a four-digit year in UTC, in microseconds since 1970.
#define TIMESTAMP_MIN_US (-62167219200000000)
#define TIMESTAMP_MAX_US 253402300799999999

//  Read an RFC 3339 date-time with offset: "T" or "t" between date and time, then "Z", "z" or
//  +hh:mm. Fraction digits after the sixth are cut off. A leap second (23:59:60 UTC) is the next
//  second. Set *time_us to the microseconds since 1970 and return true. Return false and leave
//  *time_us alone for any other text, for days that do not exist and for years outside 0000 to 9999
//  in UTC.
bool timestamp_parse (text_t text, int64_t *time_us) __attribute__ ((warn_unused_result));

//  Write an instant between TIMESTAMP_MIN_US and TIMESTAMP_MAX_US as "YYYY-MM-DDThh:mm:ss.uuuuuuZ".
void timestamp_print (int64_t time_us, char text[TIMESTAMP_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
