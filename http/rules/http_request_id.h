//  The id of a request, by which its client finds it in our log: X-Request-Id, else the trace id of
//  a W3C traceparent, else a random one. Reading an id is pure.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_REQUEST_ID_H
#define DOWNLINK_HTTP_REQUEST_ID_H

#include "common/text/text.h"
#include "http/rules/http_fields.h"

#define REQUEST_ID_MAX_BYTES 128
#define REQUEST_ID_MADE_SIZE 33  //  with the terminator

//  The source of an id; a higher one goes before a lower one.
typedef enum { REQUEST_ID_NONE, REQUEST_ID_TRACE, REQUEST_ID_GIVEN } request_id_source_t;

//  Read a header field. Return the source if it brings an id, and set *id, borrowed from the value;
//  else return REQUEST_ID_NONE. An id has at most REQUEST_ID_MAX_BYTES, of letters, digits and - _
//  . : / + = @ ~.
request_id_source_t request_id_read (http_field_t field, text_t value, text_t *id);

//  Make a random id: 32 hexadecimal digits.
void request_id_make (char id[REQUEST_ID_MADE_SIZE]);

#endif
