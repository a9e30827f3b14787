//  A body that the server shows in pieces as it comes in: whole lines each time, HTTP_PIECE_BYTES or
//  HTTP_PIECE_LINES at least, since a short line takes time too. Memory holds the bytes that were not
//  shown yet: a piece, and one line that has not ended.
//
//  The function that takes a piece may hold the request. Then the server suspends its connection,
//  and reads nothing more from the client until http_go_on.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_PIECES_H
#define DOWNLINK_HTTP_PIECES_H

#include "http/http_parts.h"

//  Return true if the body of a request is shown in pieces. bytes is how many bytes of it have
//  come, or are announced. Ask the caller of the server when the body turns out to be large, once.
bool http_pieces_are_due (http_request_t *request, uint64_t bytes);

//  Take bytes of the body, and show each piece that is due. Any other result than BODY_TAKEN
//  refuses the body.
body_result_t http_pieces_take (http_request_t *request, text_t bytes)
    __attribute__ ((warn_unused_result));

//  Show the next piece, if it is large enough.
void http_pieces_show (http_request_t *request);

#endif
