//  The Date of answers, as in "Wed, 25 Nov 2026 18:36:01 GMT" (RFC 9110, 5.6.7). Writing it once a
//  second is cheaper than once for each answer, as libmicrohttpd does.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_DATE_H
#define DOWNLINK_HTTP_DATE_H

#include <stdbool.h>
#include <time.h>

#define HTTP_DATE_SIZE 30  //  with the terminator

//  Zeroed memory has no date yet.
typedef struct {
    time_t second;  //  since 1970
    char text[HTTP_DATE_SIZE];
} http_date_t;

//  Write the date of this second, in the years 1970 to 9999. Return true if the date changed.
bool http_date_set (http_date_t *self, time_t second);

#endif
