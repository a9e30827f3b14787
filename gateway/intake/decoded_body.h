//  Decode the body of a POST by its Content-Encoding.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DECODED_BODY_H
#define DOWNLINK_DECODED_BODY_H

#include <glib.h>

#include "http/http_request.h"

//  Set *body to the body of the request, decoded into room if it is encoded. The body is valid
//  until room changes, and has HTTP_BODY_PADDING readable bytes behind it. If it cannot be decoded
//  within limit bytes, answer the request and return false.
bool decoded_body_take (http_request_t *request, size_t limit, GByteArray *room, text_t *body)
    __attribute__ ((warn_unused_result));

//  Free the memory of a large body, and keep that of a small one for the next.
void decoded_body_drop (GByteArray **room_p);

#endif
