//  The titles of status codes.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_STATUS_H
#define DOWNLINK_HTTP_STATUS_H

//  Return the title of a status that refuses a request (RFC 9110, 15), "Error" for an unknown one.
const char *http_status_title (unsigned status);

#endif
