//  The choice of a coding for an answer, from Accept-Encoding (RFC 9110, 12.5.3).
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_ACCEPT_ENCODING_H
#define DOWNLINK_HTTP_ACCEPT_ENCODING_H

#include "http/coding/http_coding.h"

//  Return the coding with the highest weight: zstd before gzip before identity where weights are
//  equal. NULL, and a list without one of ours, give identity.
http_coding_t http_accept_encoding_choose (const char *list);

#endif
