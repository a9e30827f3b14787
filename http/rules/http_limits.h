//  The limits for the head of a request; docs/http.md lists them.
//
//  libmicrohttpd has HTTP_CONNECTION_BYTES for a request: half of them for the bytes that it reads,
//  plus an eighth of the rest if a head needs it; 64 bytes for each field; and the head of the
//  answer. So a head within these limits leaves nearly 3 KiB for the head of its answer:
//
//    16,384 - 8,192 - 1,024 - 65 * 64 = 3,008
//
//  libmicrohttpd clears all these bytes for each request, so a larger buffer makes every request
//  slower.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_LIMITS_H
#define DOWNLINK_HTTP_LIMITS_H

#define HTTP_CONNECTION_BYTES 16384
#define HTTP_HEAD_MAX_BYTES 8192  //  request line, fields, and the empty line
#define HTTP_HEAD_MAX_FIELDS 64

#endif
