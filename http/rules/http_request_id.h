//  The id of a request, by which its client finds it in our log: X-Request-Id, else the trace id of a
//  W3C traceparent, else one of our own. Pure functions, but for the making of one.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_REQUEST_ID_H
#define DOWNLINK_HTTP_REQUEST_ID_H

#include "common/text/text.h"

#define REQUEST_ID_MAX_BYTES 128
#define REQUEST_ID_MADE_SIZE 33  //  terminator too

//  Where an id comes from; a higher one goes before a lower one.
typedef enum { REQUEST_ID_NONE, REQUEST_ID_TRACE, REQUEST_ID_GIVEN } request_id_source_t;

//  Look at a header field. If it brings an id, *id is that, borrowed from the value. What is longer
//  than REQUEST_ID_MAX_BYTES, or holds anything but letters, digits and - _ . : / + = @ ~, is none.
request_id_source_t request_id_read (text_t name, text_t value, text_t *id);

//  Make one: 32 hexadecimal digits.
void request_id_make (char id[REQUEST_ID_MADE_SIZE]);

#endif
