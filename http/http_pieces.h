//  A body that is shown in pieces as it comes in: whole lines each time, HTTP_PIECE_BYTES or more. What
//  is in memory is what was not shown yet: a piece, and at most a line that has not ended. For
//  http_server.c only.
//
//  Whoever is shown a piece may hold the request: then its connection is suspended, so that nothing
//  more is read from the client, until http_go_on.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_PIECES_H
#define DOWNLINK_HTTP_PIECES_H

#include "http/http_parts.h"

//  Is the body of a request, of which the head is there and so many bytes are known to come or have
//  come, to be shown in pieces? Asks the handler, once.
bool http_pieces_are_due (http_request_t *request, uint64_t bytes);

//  Take bytes of the body, and show each piece that is due. On any other result than BODY_TAKEN the
//  body is refused: it is too large, a line in it is too long, or memory for bodies is used up.
body_result_t http_pieces_take (http_request_t *request, text_t bytes)
    __attribute__ ((warn_unused_result));

#endif
