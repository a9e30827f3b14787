//  The codings of bodies, Content-Encoding: gzip (zlib) and zstd. Pure functions. Their time grows
//  with the sizes of input and output, which are bounded.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_CODING_H
#define DOWNLINK_HTTP_CODING_H

#include <glib.h>
#include <stdbool.h>

#include "common/text/text.h"

//  The list for Accept-Encoding.
#define HTTP_CODINGS "gzip, zstd"

typedef enum { CODING_IDENTITY, CODING_GZIP, CODING_ZSTD, CODING_UNKNOWN } http_coding_t;

//  Return the coding that a Content-Encoding names. NULL, "" and identity are none; a list of
//  several is unknown.
http_coding_t http_coding_read (const char *field);

//  Return the name of a coding, for Content-Encoding.
const char *http_coding_name (http_coding_t coding);

typedef enum {
    DECODE_DONE,
    DECODE_BROKEN,     //  the bytes are not of this coding, or end too early
    DECODE_TOO_LARGE,  //  the bytes decode to more than the limit
    DECODE_TOO_DENSE,  //  the bytes decode to more than CODING_RATIO_MAX times their own size
} decode_t;

//  A body may always decode to CODING_FREE_BYTES; beyond that only to CODING_RATIO_MAX times its
//  own size. Real messages shrink by much less.
#define CODING_RATIO_MAX 200
#define CODING_FREE_BYTES ((size_t) 1024 * 1024)

//  Decode bytes into out, which must be empty. limit bounds the bytes of the result. Join several
//  members or frames.
decode_t http_decode (http_coding_t coding, text_t bytes, size_t limit, GByteArray *out)
    __attribute__ ((warn_unused_result));

#endif
