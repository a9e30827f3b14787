//  Check the head of a request against the guard and the limits, and read the request's id. For
//  http_server.c only.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_HEAD_H
#define DOWNLINK_HTTP_HEAD_H

#include "http/http_parts.h"

//  Keep libmicrohttpd from parsing parameters and cookies. Call this when the request line has
//  arrived.
void http_head_keep_unparsed (const char *target, struct MHD_Connection *mhd);

//  Check the complete head. Answer a request with a faulty head; its connection then closes. Return
//  false without an answer if the head is over the limits; then the connection must end.
bool http_head_check (http_request_t *request, const char *target, const char *version)
    __attribute__ ((warn_unused_result));
#endif
