//  Pass a body to its handler in pieces as it arrives. A piece is whole lines: at least
//  HTTP_PIECE_BYTES, or HTTP_PIECE_LINES and no more, because a short line takes time too. Memory
//  holds only the bytes that were not passed on yet: a piece, and one line that has not ended.
//
//  The function that takes a piece may hold the request. Then the server suspends its connection,
//  and reads nothing more from the client until http_go_on.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_PIECES_H
#define DOWNLINK_HTTP_PIECES_H

#include "http/http_parts.h"

//  Return true if the body of a request goes to its handler in pieces. bytes is the number of bytes
//  that have arrived or are announced. When the body turns out to be large, ask takes_pieces once.
bool http_pieces_are_due (http_request_t *request, uint64_t bytes);

//  Take bytes of the body, and pass on each piece that is due. Any result but BODY_TAKEN refuses
//  the body.
body_result_t http_pieces_take (http_request_t *request, text_t bytes)
    __attribute__ ((warn_unused_result));

//  Pass on the pieces that are large enough, until the request is held.
void http_pieces_show (http_request_t *request);

#endif
