//  The body of a POST without its Content-Encoding.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DECODED_BODY_H
#define DOWNLINK_DECODED_BODY_H

#include <glib.h>

#include "http/http_request.h"

//  Set *body to the body of the request, decoded into room if it is encoded. It is valid until room
//  changes, and has HTTP_BODY_PADDING readable bytes behind it. Return false if it cannot be
//  decoded within limit bytes: then the request is answered.
bool decoded_body_take (http_request_t *request, size_t limit, GByteArray *room, text_t *body)
    __attribute__ ((warn_unused_result));

//  Give the memory of a large body back.
void decoded_body_drop (GByteArray **room_p);

#endif
