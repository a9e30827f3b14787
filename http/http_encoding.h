//  Choose and apply the Content-Encoding of answers. Only long texts are encoded, and only a
//  bounded number of answers at a time, since each costs memory until its client has taken it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_ENCODING_H
#define DOWNLINK_HTTP_ENCODING_H

#include "http/coding/http_coding.h"
#include "http/http_request.h"

//  Return true if an answer to GET has a body that is worth encoding. Then the answer depends on
//  Accept-Encoding. The answer to HEAD says so too, but describes the body without encoding.
bool http_encoding_pays (const http_request_t *request, const http_response_t *response);

//  Return the coding for this answer to a request.
http_coding_t http_encoding_choose (const http_request_t *request, const http_response_t *response);

//  Return a body that the server encodes step by step, as the connection takes it.
struct MHD_Response *http_encoding_body (
    http_request_t *request, const http_response_t *response, http_coding_t coding);

#endif
