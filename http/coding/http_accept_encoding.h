//  Choose the coding of an answer from Accept-Encoding (RFC 9110, 12.5.3).
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_ACCEPT_ENCODING_H
#define DOWNLINK_HTTP_ACCEPT_ENCODING_H

#include "http/coding/http_coding.h"

//  Return the coding with the highest weight; of equal weights, zstd before gzip before identity.
//  Return identity for NULL, and for a list without a coding that we have.
http_coding_t http_accept_encoding_choose (const char *list);

#endif
